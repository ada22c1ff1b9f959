/**
 * One visitor's day at the application, over real HTTP: login, a closed browser, logout, and old copies of the cookies.
 */
import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { ada } from './users.service.js';

/** @throws AssertionError where the application at this address answers otherwise than it should */
export async function visit(origin: string): Promise<void> {
  const jar = new Map<string, string>();
  const names = (): string[] => [...jar.keys()].sort();
  const header = (): string => [...jar].map(([name, value]) => `${name}=${value}`).join('; ');

  /** Sends a request with the cookies of the jar, and keeps the cookies of the response. Returns status and text. */
  async function ask(method: string, path: string, body?: unknown): Promise<[number, string]> {
    const answer = await fetch(origin + path, {
      method,
      headers: { 'content-type': 'application/json', cookie: header() },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      const [, expires] = /; *expires=([^;]*)/i.exec(line) ?? [];
      if (expires && Date.parse(expires) <= Date.now()) jar.delete(name);
      else jar.set(name, value);
    }
    return [answer.status, await answer.text()];
  }
  const page = (): Promise<[number, string]> => ask('GET', '/');
  const status = async (): Promise<number> => (await page())[0];
  const greeting = [200, `User ${ada.id}: ${ada.email}`];

  equal(await status(), 401, 'a stranger sees the guarded page');
  equal((await ask('POST', '/login', { email: ada.email, password: 'wrong' }))[0], 401, 'a wrong password logs in');
  deepEqual(names(), [], 'a stranger gets cookies');

  equal((await ask('POST', '/login', { email: ada.email, password: ada.password }))[0], 204, 'the login is refused');
  deepEqual(names(), ['remember', 'session'], 'the login sets other cookies');
  deepEqual(await page(), greeting, 'the user does not see the guarded page');

  // The browser is closed: its session cookie goes, the remember cookie stays and brings a new session.
  const copies = [new Map(jar)];
  jar.delete('session');
  deepEqual(await page(), greeting, 'the remember cookie does not bring the user back');
  deepEqual(names(), ['remember', 'session'], 'the remember cookie brings no session');
  notEqual(jar.get('session'), copies[0]?.get('session'), 'the old session cookie comes back');
  deepEqual(await page(), greeting, 'the restored session does not count');

  copies.push(new Map(jar), new Map([...jar].filter(([name]) => name === 'remember')));
  equal((await ask('POST', '/logout'))[0], 204, 'the logout is refused');
  deepEqual(names(), [], 'the logout leaves cookies behind');
  equal(await status(), 401, 'the guarded page is seen after the logout');
  for (const copy of copies) {
    jar.clear();
    for (const [name, value] of copy) jar.set(name, value);
    equal(await status(), 401, `the guarded page is seen by an old copy of ${[...copy.keys()].join(' and ')}`);
  }
}
