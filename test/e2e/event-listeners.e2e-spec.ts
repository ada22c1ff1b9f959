/** Listeners that fail or are slow. */
import { Injectable } from '@nestjs/common';
import { OnLogin } from 'nestjs-login';
import { LogBook } from '../support/log-book.js';
import { start, names, ByKey, visit, EVERY, raise } from '../support/event-apps.js';

describe('I5 a listener that', () => {
  const bad: [string, () => unknown, boolean][] = [
    ['throws', () => raise(new Error('a listener failed')), true],
    ['rejects', async () => raise(new Error('a listener failed')), true],
    ['hangs', () => new Promise(() => undefined), false],
    ['throws a text', () => raise('a listener failed'), true],
    ['throws undefined', () => raise(undefined), true],
    ['throws what cannot be printed', () => raise(Object.create(null)), true],
    ['rejects with what cannot be printed', async () => raise(Object.create(null)), true],
    // oxlint-disable-next-line unicorn/no-thenable -- what is tested
    ['answers a thenable that throws', () => ({ then: () => raise(new Error('a listener failed')) }), true],
    [
      'answers an object whose "then" throws',
      // oxlint-disable-next-line unicorn/no-thenable -- what is tested
      () => Object.defineProperty({}, 'then', { get: () => raise(new Error('a listener failed')) }),
      true,
    ],
    [
      'changes the event',
      (event?: unknown) => Object.keys(event as object).every((key) => Reflect.deleteProperty(event as object, key)),
      false,
    ],
  ];
  it.each(bad)('%s changes no answer, is logged, and later listeners still hear', async (_, listener, logged) => {
    const quiet = await start({ providers: [ByKey] });
    const expected = await visit(quiet);
    const wanted = quiet.events.map(({ name, event }) => [name, Object.keys(event).sort()]);
    expect(new Set(names(quiet))).toEqual(new Set(EVERY));
    await quiet.close();

    const book = new LogBook();
    const handlers: Record<string, unknown> = {};
    @Injectable()
    class BadListener {
      fail(event: unknown): unknown {
        handlers.called = true;
        return (listener as (event: unknown) => unknown)(event);
      }
    }
    for (const name of EVERY)
      OnLogin(name)(
        BadListener.prototype,
        'fail',
        Object.getOwnPropertyDescriptor(BadListener.prototype, 'fail') as never,
      );
    const app = await start({ providers: [ByKey, BadListener], setup: (nest) => nest.useLogger(book) });
    expect(await visit(app)).toEqual(expected);
    expect(handlers.called).toBe(true);
    expect(app.events.map(({ name, event }) => [name, Object.keys(event).sort()])).toEqual(wanted);
    await new Promise((resolve) => setImmediate(resolve));
    for (const name of EVERY)
      expect([name, book.lines.some((line) => line.includes(`A listener of "${name}" failed`))]).toEqual([
        name,
        logged,
      ]);
    expect((await app.browser().get('/public')).status).toBe(200);
  });
});
