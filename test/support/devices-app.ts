/** A controller that lists and ends the logins of a user. */
import { Controller, Get, NotFoundException, Param, Post, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import { CurrentUser, Fresh, LoginManagerService, LoginRequired } from 'nestjs-login';
import type { LoginDevice } from 'nestjs-login';
import type { TestUser } from './users.js';

@Controller('devices')
export class DevicesController {
  constructor(private readonly login: LoginManagerService) {}

  @Get()
  @LoginRequired()
  list(@Req() req: Request, @CurrentUser('id') id: string): Promise<LoginDevice[]> {
    return this.login.logins(id, req);
  }

  @Post('revoke/:id')
  @Fresh()
  async revoke(@Param('id') loginId: string, @CurrentUser('id') id: string): Promise<{ ok: boolean }> {
    if (!(await this.login.revoke(id, loginId))) throw new NotFoundException();
    return { ok: true };
  }

  /** Hands loginUser() less of the user than the user loader answers. */
  @Post('login-by-id/:id')
  async byId(
    @Req() req: Request,
    @Param('id') id: string,
    @Query('stamp') securityStamp?: string,
  ): Promise<{ ok: boolean }> {
    return { ok: await this.login.loginUser(req, { id, securityStamp }) };
  }

  @Post('others')
  async others(@Req() req: Request): Promise<{ ended: number }> {
    return { ended: await this.login.logoutOthers(req) };
  }

  @Post('everywhere')
  @LoginRequired()
  async everywhere(@CurrentUser('id') id: string): Promise<{ ended: number }> {
    return { ended: await this.login.logoutEverywhere(id) };
  }

  /** A proof that was held against the user as they were, while the stamp became this one. */
  @Post('late-proof/:stamp')
  @LoginRequired()
  async lateProof(
    @Req() req: Request,
    @CurrentUser() user: TestUser,
    @Param('stamp') stamp: string,
    @Query('of') of?: string,
  ): Promise<object> {
    const proved = { ...user, ...(of && { id: of }) };
    user.securityStamp = stamp;
    return { ok: await this.login.confirmLogin(req, proved) };
  }

  @Post('password/:stamp')
  @LoginRequired()
  async password(@Req() req: Request, @CurrentUser() user: TestUser, @Param('stamp') stamp: string): Promise<object> {
    user.securityStamp = stamp;
    return { ok: await this.login.confirmLogin(req) };
  }
}
