/** Handlers of messages, which no guard of this package can protect: said at start. */
import { Controller, Module, UseGuards } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { NestFactory } from '@nestjs/core';
import { LoginModule, LoginRequired, Public, UserLoader } from 'nestjs-login';
import { SECRET } from '../support/test-app.js';

class Users {
  @UserLoader()
  findById(id: string): object {
    return { id };
  }
}

class OwnGuard {
  canActivate(): boolean {
    return true;
  }
}

@Controller()
class Unmarked {
  @MessagePattern('sum')
  sum(): number {
    return 1;
  }
}

@Controller()
class Guarded {
  @LoginRequired()
  @MessagePattern('sum')
  sum(): number {
    return 1;
  }
}

@Controller()
class Marked {
  @Public()
  @MessagePattern('sum')
  sum(): number {
    return 1;
  }
}

@Controller()
@UseGuards(OwnGuard)
class WithItsOwnGuard {
  @MessagePattern('sum')
  sum(): number {
    return 1;
  }
}

async function start(controller: new () => object, guard: 'global' | 'manual'): Promise<void> {
  @Module({
    imports: [LoginModule.forRoot({ secret: SECRET, guard })],
    controllers: [controller],
    providers: [Users, OwnGuard],
  })
  class AppModule {}
  const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
  try {
    await app.init();
  } finally {
    await app.close();
  }
}

const refusalOf = (starting: Promise<void>): Promise<string> =>
  starting.then(
    () => 'it started',
    (error: Error) => error.message,
  );

describe("under guard: 'global' a message handler", () => {
  it('I3 without any mark is refused at start, because a hybrid application would leave it open', async () => {
    expect(await refusalOf(start(Unmarked, 'global'))).toMatch(/ERR_LOGIN_NOT_HTTP: Unmarked\.sum answers messages/);
  });

  it.each([Marked, WithItsOwnGuard])(
    'that is @Public() or has a guard of its own is accepted: %p',
    async (controller) => {
      await start(controller, 'global');
    },
  );
});

describe("under guard: 'manual' a message handler", () => {
  it('without any mark is accepted', async () => {
    await start(Unmarked, 'manual');
  });

  it('with @LoginRequired() is refused at start, because it would never answer', async () => {
    expect(await refusalOf(start(Guarded, 'manual'))).toMatch(/ERR_LOGIN_NOT_HTTP: Guarded\.sum/);
  });
});
