/** The same logins as JSON: the same guard, answering programs. */
import { BadRequestException, Body, Controller, Get, HttpCode, Post, Req, UnauthorizedException } from '@nestjs/common';
import type { Request } from 'express';
import { CurrentUser, LoginManagerService, LoginRequired } from 'nestjs-login';
import type { Account } from '../accounts/account.js';
import { ApiLoginForm, complaints } from '../forms.js';
import { Credentials } from '../login/credentials.js';

@Controller('api')
export class ApiController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly credentials: Credentials,
  ) {}

  @Get('me')
  @LoginRequired()
  me(@CurrentUser() { id, email, role }: Account) {
    return { id, email, role };
  }

  /** 401 with `code: 'ERR_CODE_REQUIRED'` asks for the same once more, with the code of the second factor. */
  @Post('login')
  @HttpCode(204)
  async logIn(@Req() req: Request, @Body() body: unknown): Promise<void> {
    const form = ApiLoginForm.safeParse(body);
    if (!form.success) throw new BadRequestException({ statusCode: 400, fields: complaints(form.error) });
    const { email, password, code, remember } = form.data;
    const account = await this.credentials.tryPassword(req, email, password);
    if (account?.hasSecondFactor) {
      if (code === undefined) throw refusal('ERR_CODE_REQUIRED', 'The code of the second factor is needed.');
      if (!(await this.credentials.tryCode(req, account, code)))
        throw refusal('ERR_WRONG_CODE', 'Wrong code, or one that was used.');
    }
    if (!account || !(await this.login.loginUser(req, account, { remember })))
      throw refusal('ERR_WRONG_PASSWORD', 'Wrong address or password, or the account is disabled.');
  }

  @Post('logout')
  @HttpCode(204)
  async logOut(@Req() req: Request): Promise<void> {
    await this.login.logoutUser(req);
  }
}

const refusal = (code: string, message: string): UnauthorizedException =>
  new UnauthorizedException({ statusCode: 401, code, message });
