/** Routes that read or write the session slowly, and a barrier that proves that they are under way. */
import { setImmediate as tick } from 'node:timers/promises';
import { Controller, Get, Session } from '@nestjs/common';

/** Holds requests until the test lets them go, one gate a race. */
export class Gates {
  readonly #gates = new Map<string, { arrived: () => void; open: Promise<void> }>();

  /** @returns `reached`: a request waits at the gate; `open()`: it goes on */
  make(key: string): { reached: Promise<void>; open: () => void } {
    let open = (): void => undefined;
    let arrived = (): void => undefined;
    const reached = new Promise<void>((resolve) => (arrived = resolve));
    const opened = new Promise<void>((resolve) => (open = resolve));
    this.#gates.set(key, { arrived, open: opened });
    return { reached, open };
  }

  async pass(key: string): Promise<void> {
    const gate = this.#gates.get(key);
    gate?.arrived();
    await gate?.open;
    await tick();
    this.#gates.delete(key);
  }
}

export const gates = new Gates();

/** The requests in flight during a logout: a reader, a writer, and one that saves by itself. */
@Controller('slow')
export class SlowController {
  @Get('read/:gate')
  async read(@Session() session: Record<string, unknown>): Promise<{ seen: unknown }> {
    await gates.pass(gateOf(session));
    return { seen: session.colour ?? null };
  }

  @Get('write/:gate')
  async write(@Session() session: Record<string, unknown>): Promise<{ ok: boolean }> {
    await gates.pass(gateOf(session));
    session.late = true;
    return { ok: true };
  }

  @Get('save/:gate')
  async save(
    @Session() session: Record<string, unknown> & { save(done: (error: unknown) => void): void },
  ): Promise<{ ok: boolean }> {
    await gates.pass(gateOf(session));
    session.late = true;
    await new Promise<void>((resolve, reject) => session.save((error) => (error ? reject(error as Error) : resolve())));
    return { ok: true };
  }
}

/** The gate is named by the path, which the session object's request knows. */
function gateOf(session: Record<string, unknown>): string {
  const { originalUrl } = (session as unknown as { req: { originalUrl: string } }).req;
  return originalUrl.split('/').at(-1) as string;
}
