/** The team area. Refused visitors are redirected to `/team/login`, which the login controller shows. */
import { Controller, Get, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LoginRequired, LoginView } from 'nestjs-login';
import { Pages } from '../pages/pages.js';

@Controller('team')
@LoginView('/team/login')
@LoginRequired()
export class TeamController {
  constructor(private readonly pages: Pages) {}

  @Get()
  async overview(@Req() req: Request, @Res() res: Response) {
    await this.pages.show(req, res, 'team');
  }
}
