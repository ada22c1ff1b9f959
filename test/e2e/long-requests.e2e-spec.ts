/** In a long request each question about freshness asks the store's clock again. */
import { Controller, Get, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { LoginManagerService } from 'nestjs-login';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const move = (milliseconds: number): void => void (app.clock.now += milliseconds);

@Controller('long')
class LongController {
  constructor(
    private readonly login: LoginManagerService,
    private readonly users: TestUsers,
  ) {}

  /** Waits for an event, a second at a time, as a long poll does. */
  @Get('poll')
  async poll(@Req() req: Request): Promise<object> {
    const fresh: boolean[] = [];
    for (let second = 0; second < 4; second += 1) {
      fresh.push(await this.login.isFresh(req, '2s'));
      move(1_000);
    }
    return { fresh, everFresh: await this.login.isFresh(req), user: await this.login.currentUser(req) };
  }

  @Post('login')
  async logIn(@Req() req: Request): Promise<object> {
    await this.login.loginUser(req, this.users.table.get('ada') as object);
    const before = await this.login.isFresh(req, '1s');
    move(1_500);
    return { before, after: await this.login.isFresh(req, '1s') };
  }

  @Post('confirm')
  async confirm(@Req() req: Request): Promise<object> {
    move(10_000);
    const before = await this.login.isFresh(req, '1s');
    await this.login.confirmLogin(req);
    const confirmed = await this.login.isFresh(req, '1s');
    move(1_500);
    return { before, confirmed, after: await this.login.isFresh(req, '1s') };
  }
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp({ controllers: [LongController] });
});
afterAll(() => app.close());

describe('isFresh with a time', () => {
  it('is true for so long after the login, and false later in the same request', async () => {
    const browser = app.browser();
    await browser.post('/login/ada');
    const answer = await browser.get('/long/poll');
    expect(answer.json).toMatchObject({ fresh: [true, true, true, false], everFresh: true, user: { id: 'ada' } });
  });

  it('counts from the login that the same request has made', async () => {
    expect((await app.browser().post('/long/login')).json).toEqual({ before: true, after: false });
  });

  it('counts from the confirmation that the same request has made', async () => {
    const browser = app.browser();
    await browser.post('/login/ada');
    expect((await browser.post('/long/confirm')).json).toEqual({ before: false, confirmed: true, after: false });
  });

  it('is false for a visitor, and for a login that is not fresh, however long the request lasts', async () => {
    const browser = app.browser();
    const never = { fresh: [false, false, false, false], everFresh: false };
    expect((await browser.get('/long/poll')).json).toMatchObject(never);
    await browser.post('/login/ada?fresh=0');
    expect((await browser.get('/long/poll')).json).toMatchObject(never);
  });
});
