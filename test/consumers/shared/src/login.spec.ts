/** Tests of the application as its users write them: a visit over real HTTP, and logins by loginAs and loginCookies. */
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LoginManagerService } from 'nestjs-login';
import { loginAs, loginCookies } from 'nestjs-login/testing';
import { AppModule } from './app.module.js';
import { ada } from './users.service.js';
import { visit } from './visit.js';

describe('the application', () => {
  let app: INestApplication;
  let origin: string;
  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = module.createNestApplication();
    await app.listen(0, '127.0.0.1');
    origin = await app.getUrl();
  });
  afterAll(() => app.close());

  it('lets a visitor log in, come back by the remember cookie, and log out', async () => {
    await visit(origin);
  });

  it('takes a login of loginAs for a real one', async () => {
    const agent = { 'user-agent': 'a test' };
    expect((await fetch(origin, { headers: agent })).status).toBe(401);
    const cookie = await loginAs(app, ada, { userAgent: 'a test' });
    const answer = await fetch(origin, { headers: { ...agent, cookie } });
    expect([answer.status, await answer.text()]).toEqual([200, 'User 1: ada@example.com']);
  });

  it('takes the remember cookie of loginCookies for a real one', async () => {
    const cookies = await loginCookies(app, ada, { remembered: true });
    const [remember] = cookies.filter(({ expires }) => expires > 0);
    const answer = await fetch(origin, { headers: { cookie: `${remember?.name}=${remember?.value}` } });
    expect([answer.status, cookies.length]).toEqual([200, 2]);
  });

  it('tells a login of loginAs to who listens by the class of the package', async () => {
    const told: string[] = [];
    const stop = app.get(LoginManagerService).events.on('loggedIn', ({ userId }) => void told.push(userId));
    await loginAs(app, ada);
    stop();
    expect(told).toEqual(['1']);
  });
});
