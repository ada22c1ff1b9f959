/** Message handlers of a hybrid application behind the guard. */
import type { LoginModuleOptions } from 'nestjs-login';
import type { AddressInfo, Server } from 'node:net';
import { Controller, Module } from '@nestjs/common';
import type { INestMicroservice } from '@nestjs/common';
import { ClientProxyFactory, MessagePattern, Payload, Transport } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import { CurrentUser, LoginRequiredException, Public } from 'nestjs-login';
import { LogBook } from '../support/log-book.js';
import { startTestApp } from '../support/test-app.js';

type Guard = NonNullable<LoginModuleOptions['guard']>;

@Controller()
class Messages {
  @MessagePattern('open')
  @Public()
  open(@Payload() payload: string): string {
    return `open: ${payload}`;
  }

  @MessagePattern('asks-who')
  @Public()
  asksWho(@CurrentUser() user: unknown): string {
    return `content ${String(user)}`;
  }

  @MessagePattern('refuses')
  @Public()
  refuses(): never {
    throw new LoginRequiredException();
  }
}

@Module({ controllers: [Messages] })
class MessagesModule {}

describe('a handler of messages, over TCP beside HTTP', () => {
  const book = new LogBook();

  /** Starts a hybrid application; the answer calls one of its message handlers. */
  async function startHybrid(guard: Guard, deferInitialization: boolean) {
    let service: INestMicroservice | undefined;
    const app = await startTestApp({
      imports: [MessagesModule],
      login: { guard },
      setup: (nest) => {
        nest.useLogger(book);
        service = nest.connectMicroservice(
          { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
          { inheritAppConfig: true, deferInitialization },
        );
      },
    });
    await app.app.startAllMicroservices();
    const { port } = (service as INestMicroservice).unwrap<Server>().address() as AddressInfo;
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
    book.lines.length = 0;
    return {
      app,
      send: (pattern: string): Promise<unknown> =>
        firstValueFrom(client.send<unknown>(pattern, 'hello')).catch((error: unknown) => ({ error })),
      close: async () => {
        await client.close();
        await app.close();
      },
    };
  }

  it.each<[string, boolean]>([
    ['connected as usual', false],
    ['with deferInitialization', true],
  ])('I3 answers under guard: global where it is @Public() (%s)', async (_, deferred) => {
    const { send, close } = await startHybrid('global', deferred);
    expect(await send('open')).toBe('open: hello');
    await close();
  });

  it('is told by a sentence that @CurrentUser() asks in vain', async () => {
    const { send, close } = await startHybrid('manual', false);
    expect(await send('asks-who')).toEqual({ error: expect.objectContaining({ status: 'error' }) });
    expect(book.text()).toContain('ERR_LOGIN_NOT_HTTP: A handler of type "rpc" asks for the current user');
    expect(book.text()).not.toContain('TypeError');
    await close();
  });

  it.each<[string, boolean]>([
    ['connected as usual', false],
    ['with deferInitialization', true],
  ])(
    'may throw LoginRequiredException without harm: the caller hears an error, the process goes on (%s)',
    async (_, deferred) => {
      const { app, send, close } = await startHybrid('manual', deferred);
      expect(await send('refuses')).toEqual({ error: expect.objectContaining({ status: 'error' }) });
      expect((await app.browser().get('/public')).status).toBe(200);
      expect(book.text()).not.toContain('TypeError');
      await close();
    },
  );
});
