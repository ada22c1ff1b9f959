/** Cookies for an application inside a page of another site. */
import { startLoggedApp } from '../support/logged-app.js';
import { startTestApp } from '../support/test-app.js';

const FRAMED = { sameSite: 'none' as const, secure: true, partitioned: true };
const HTTPS = { 'x-forwarded-proto': 'https' };

it('partitioned cookies all carry Partitioned: the session, remember and anonymous session cookie', async () => {
  const app = await startLoggedApp({
    login: { session: { cookie: FRAMED } },
    setup: (nest) => void nest.set('trust proxy', 'loopback'),
  });
  const login = await app.browser().post('/login/ada?remember=1', { headers: HTTPS });
  const value = await app.browser().get('/set?colour=red', { headers: HTTPS });
  const lines = [...login.cookies, ...value.cookies];
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line).toMatch(/; Secure; SameSite=None; Partitioned|; Partitioned; SameSite=None/i);
});

it('the session cookie carries no Partitioned by default', async () => {
  const app = await startLoggedApp();
  const { cookies } = await app.browser().post('/login/ada');
  expect(cookies).toHaveLength(1);
  expect(cookies.join()).not.toContain('Partitioned');
});

it('partitioned cookies without Secure are refused at the start, because browsers drop them', async () => {
  const login = { session: { cookie: { partitioned: true } } };
  await expect(startTestApp({ login })).rejects.toThrow(/ERR_LOGIN_COOKIE: A partitioned cookie/);
});
