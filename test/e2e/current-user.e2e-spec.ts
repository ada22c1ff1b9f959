/** The user of a request, as handlers and guards see it. */
import 'reflect-metadata';
import { open, person } from '../support/shop-app.js';

describe('the user of a request', () => {
  it('is given by @CurrentUser(), and a field of it by @CurrentUser(field)', async () => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    expect((await browser.get('/decorator')).json).toMatchObject({ user: 'ADA' });
    expect((await browser.get('/field')).json).toEqual({ name: 'ADA', nothing: null });
  });

  it('stands in req.user after the guard, so that a role guard behind it can decide', async () => {
    const shop = await open();
    const admin = await shop.loggedIn(person(shop, { id: 'ada', role: 'admin' }));
    const clerk = await shop.loggedIn(person(shop, { id: 'bob', role: 'clerk' }));
    expect((await admin.get('/admin')).status).toBe(200);
    expect((await clerk.get('/admin')).status).toBe(403);
    expect((await shop.browser().get('/admin')).status).toBe(401);
  });

  it('stands in req.user after the decorator', async () => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    expect((await browser.get('/decorator')).json).toEqual({ user: 'ADA', shown: 'ADA' });
  });

  it('stands nowhere, and is not loaded, where nobody asks', async () => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada' }));
    expect((await browser.get('/open')).json).toEqual({ shown: null });
    expect(shop.users.asked).toEqual([]);
  });

  it('is loaded once, however often it is asked for', async () => {
    const shop = await open();
    const browser = await shop.loggedIn(person(shop, { id: 'ada', role: 'admin' }));
    expect((await browser.get('/often')).json).toEqual({ same: true });
    expect(shop.users.asked).toEqual(['ada']);
    await browser.get('/often');
    expect(shop.users.asked).toEqual(['ada', 'ada']);
  });

  it('is not loaded by the login itself', async () => {
    const shop = await open();
    const answer = await shop.logIn(shop.browser(), person(shop, { id: 'ada' }));
    expect(answer.json).toEqual({ ok: true, current: 'ADA', authenticated: true, shown: 'ADA' });
    expect(shop.users.asked).toEqual([]);
  });
});
