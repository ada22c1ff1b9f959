/** Front ends under other origins, which may log users in. */
import { startLoggedApp } from '../support/logged-app.js';
import { startTestApp } from '../support/test-app.js';

it('a login over https that the application takes for http is told to trust the proxy', async () => {
  const app = await startLoggedApp();
  const { host } = new URL(app.origin);
  const headers = { origin: `https://${host}`, 'sec-fetch-site': null as never };
  const answer = await app.browser().post('/login/ada', { headers });
  expect(answer.status).toBe(403);
  expect(answer.text).toContain('trust proxy');
});

describe('several front ends', () => {
  const FRONTS = { origin: ['https://app.example', 'https://admin.app.example', 'capacitor://localhost'] };
  const from = (origin: string, site: string) => ({ headers: { origin, 'sec-fetch-site': site } });

  it.each([
    ['https://app.example', 'same-site'],
    ['https://admin.app.example', 'same-site'],
    ['capacitor://localhost', 'cross-site'],
  ])('%s may log users in', async (origin, site) => {
    const app = await startLoggedApp({ login: FRONTS });
    expect((await app.browser().post('/login/ada', from(origin, site))).json).toEqual({ ok: true });
  });

  it.each([
    ['https://evil.example', 'cross-site'],
    ['https://other.app.example', 'same-site'],
    ['null', 'cross-site'],
  ])('%s may not', async (origin, site) => {
    const app = await startLoggedApp({ login: FRONTS });
    expect((await app.browser().post('/login/ada', from(origin, site))).status).toBe(403);
  });

  it.each([[[]], [['https://app.example', 'admin']], ['https://app.example/path'], ['capacitor:localhost']])(
    'cannot be %p',
    async (origin) => {
      await expect(startTestApp({ login: { origin } })).rejects.toThrow(/"origin" cannot be/);
    },
  );
});
