/** The request loader identifies users without a login. */
import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { RequestLoader } from 'nestjs-login';
import { Users, open, person } from '../support/shop-app.js';

describe('the request loader', () => {
  @Injectable()
  class Keys {
    static readonly users = new Map<unknown, unknown>();
    static readonly asked: unknown[] = [];

    @RequestLoader()
    async byKey(request: Request & { tenant?: string }): Promise<unknown> {
      const key = request.headers['x-key'];
      Keys.asked.push(key);
      request.tenant = 'acme';
      if (key === 'broken') throw new Error('the key table is locked');
      return Keys.users.get(key);
    }
  }

  beforeEach(() => {
    Keys.asked.splice(0);
    Keys.users.clear();
    Keys.users.set('key of bob', { id: 'bob', name: 'Bob', role: 'admin' });
    Keys.users.set('key of eve', { id: 'eve', name: 'Eve', isActive: false });
    Keys.users.set('key of nobody', null);
    Keys.users.set('key without an id', { name: 'Nameless' });
    Keys.users.set('key of a text', 'bob');
  });
  const withKey = (key: string) => ({ headers: { 'x-key': key } });

  it('identifies the user without a cookie or a stored login', async () => {
    const shop = await open({ providers: [Keys] });
    const browser = shop.browser();
    const answer = await browser.get('/guarded', withKey('key of bob'));
    expect(answer.json).toEqual({ name: 'Bob' });
    expect(answer.cookies).toEqual([]);
    expect(shop.storage.logins.size).toBe(0);
    expect(shop.storage.sessions.size).toBe(0);
    expect((await browser.get('/guarded')).status).toBe(401);
    expect((await browser.get('/guarded', withKey('key of nobody'))).status).toBe(401);
    expect((await browser.get('/guarded', withKey('unknown'))).status).toBe(401);
  });

  it('passes the user to role guards as a login does, and is called once for a request', async () => {
    const shop = await open({ providers: [Keys] });
    expect((await shop.browser().get('/often', withKey('key of bob'))).json).toEqual({ same: true });
    expect(Keys.asked).toEqual(['key of bob']);
  });

  it('receives the request itself', async () => {
    const shop = await open({ providers: [Keys] });
    expect((await shop.browser().get('/tenant', withKey('key of bob'))).json).toEqual({ tenant: 'acme' });
  });

  it('identifies a user that is never fresh', async () => {
    const shop = await open({ providers: [Keys] });
    const browser = shop.browser();
    const answer = await browser.get('/fresh', withKey('key of bob'));
    expect(answer.status).toBe(401);
    expect(answer.json).toMatchObject({ code: 'ERR_FRESH_LOGIN_REQUIRED' });
    expect((await browser.get('/who', withKey('key of bob'))).json).toMatchObject({
      authenticated: true,
      fresh: false,
    });
  });

  it('comes after the login, and is not called if there is a login', async () => {
    const shop = await open({ providers: [Users, Keys] });
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    expect((await browser.get('/guarded', withKey('key of bob'))).json).toEqual({ name: 'ADA' });
    expect(Keys.asked).toEqual([]);
    await browser.post('/logout');
    expect((await browser.get('/guarded', withKey('key of bob'))).json).toEqual({ name: 'Bob' });
  });

  it('is called if the cookie names no login, or the login of a deleted user', async () => {
    const shop = await open({ providers: [Users, Keys] });
    const stranger = await shop
      .browser()
      .get('/guarded', { ...withKey('key of bob'), cookie: 'session=s%3Amade-up.x' });
    expect(stranger.json).toEqual({ name: 'Bob' });
    const browser = await shop.loggedIn({ id: 'gone' });
    expect((await browser.get('/guarded', withKey('key of bob'))).json).toEqual({ name: 'Bob' });
  });

  it('lets no inactive user in, and the application still sees the user', async () => {
    const shop = await open({ providers: [Keys] });
    const browser = shop.browser();
    expect((await browser.get('/guarded', withKey('key of eve'))).status).toBe(401);
    expect((await browser.get('/who', withKey('key of eve'))).json).toMatchObject({
      current: 'Eve',
      authenticated: false,
      shown: null,
    });
  });

  it('that throws leads to a 503 on guarded routes, while public routes and logins go on', async () => {
    const shop = await open({ providers: [Users, Keys] });
    const browser = shop.browser();
    const answer = await browser.get('/guarded', withKey('broken'));
    expect(answer.status).toBe(503);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(answer.json).toMatchObject({ code: 'ERR_LOGIN_UNAVAILABLE' });
    expect(answer.text).not.toContain('locked');
    expect((await browser.get('/open', withKey('broken'))).status).toBe(200);
    const ada = await shop.loggedIn(person(shop, { id: 'ada' }));
    expect((await ada.get('/guarded', withKey('broken'))).json).toEqual({ name: 'ADA' });
  });

  it.each(['key without an id', 'key of a text'])(
    'that returns no user (%s) lets nobody in, and the log has the fault',
    async (key) => {
      const shop = await open({ providers: [Keys] });
      const browser = shop.browser();
      expect((await browser.get('/guarded', withKey(key))).status).toBe(500);
      expect((await browser.get('/code', withKey(key))).json).toEqual({ user: null });
      expect(shop.log.text()).toContain('ERR_LOGIN_USER_ID');
    },
  );

  it('is not enough for a login: loginUser() says that a user loader is missing', async () => {
    const shop = await open({ providers: [Keys] });
    const answer = await shop.logIn(shop.browser(), { id: 'ada' });
    expect(answer.json).toMatchObject({ code: 'ERR_LOGIN_NO_USER_LOADER' });
    expect(answer.cookies).toEqual([]);
    expect(shop.storage.logins.size).toBe(0);
  });
});
