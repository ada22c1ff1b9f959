/** The HTML of the sample, and nothing else. */

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><h1>${title}</h1>${body}</html>`;

/** Text from outside, made harmless. */
const text = (value: string): string => value.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

export function loginPage({ messages, next }: { messages: string[]; next?: string | undefined }): string {
  const told = messages.map((message) => `<p role="alert">${text(message)}</p>`).join('');
  const kept = typeof next === 'string' ? `<input type="hidden" name="next" value="${text(next)}">` : '';
  return page(
    'Log in',
    `${told}<form method="post" action="/login">${kept}
    <label>Email <input type="email" name="email" autocomplete="username" required></label>
    <label>Password <input type="password" name="password" autocomplete="current-password" required></label>
    <label><input type="checkbox" name="remember"> Remember me</label>
    <button>Log in</button></form>`,
  );
}

export const dashboardPage = (email: string): string =>
  page(
    'Dashboard',
    `<p>Hello <b>${text(email)}</b>.</p><p><a href="/password">Change the password</a></p>
    <form method="post" action="/logout"><button>Log out</button></form>`,
  );

export const passwordPage = (email: string): string =>
  page('Change the password', `<p>Only a fresh login of ${text(email)} sees this.</p><p><a href="/">Back</a></p>`);
