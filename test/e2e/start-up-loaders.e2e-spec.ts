/** Loaders that end the start because they are missing, duplicate or in the wrong scope. */
import 'reflect-metadata';
import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { RequestLoader, UnavailableHandler, UserLoader } from 'nestjs-login';
import { Users, forRoot, expectRefusal, expectStart } from '../support/starting-app.js';

describe('loaders', () => {
  @Injectable()
  class OtherUsers {
    @UserLoader()
    load(id: string): { id: string } {
      return { id };
    }
  }

  @Injectable()
  class Keys {
    @RequestLoader()
    byKey(): null {
      return null;
    }
  }

  @Injectable()
  class OtherKeys {
    @RequestLoader()
    byToken(): null {
      return null;
    }
  }

  @Injectable()
  class Outages {
    @UnavailableHandler()
    page(): void {}
  }

  @Injectable()
  class OtherOutages {
    @UnavailableHandler()
    json(): void {}
  }

  @Injectable()
  class TwoUserLoaders {
    @UserLoader()
    first(): null {
      return null;
    }

    @UserLoader()
    second(): null {
      return null;
    }
  }

  @Injectable()
  class TwoRequestLoaders {
    @RequestLoader()
    first(): null {
      return null;
    }

    @RequestLoader()
    second(): null {
      return null;
    }
  }

  it('must exist: a start without a user loader and a request loader is refused', () =>
    expectRefusal(
      { providers: [] },
      'ERR_LOGIN_NO_USER_LOADER',
      /cannot turn a user id into a user/,
      /@UserLoader\(\)/,
    ));

  it.each([
    ['a user loader alone', [Users]],
    ['a request loader alone', [Keys]],
    ['one of each', [Users, Keys]],
  ])('are complete with %s', (_what, providers) => expectStart({ providers }));

  it.each<[string, Type[], RegExp]>([
    ['user loaders on two providers', [Users, OtherUsers], /@UserLoader\(\).*Users\.findById.*OtherUsers\.load/],
    [
      'user loaders on one provider',
      [TwoUserLoaders],
      /@UserLoader\(\).*TwoUserLoaders\.first.*TwoUserLoaders\.second/,
    ],
    ['request loaders on two providers', [Keys, OtherKeys], /@RequestLoader\(\).*Keys\.byKey.*OtherKeys\.byToken/],
    [
      'request loaders on one provider',
      [TwoRequestLoaders],
      /@RequestLoader\(\).*TwoRequestLoaders\.first.*TwoRequestLoaders\.second/,
    ],
    [
      'handlers of outages',
      [Users, Outages, OtherOutages],
      /@UnavailableHandler\(\).*Outages\.page.*OtherOutages\.json/,
    ],
  ])('are refused if there are two %s, and both are named', (_what, providers, both) =>
    expectRefusal({ providers }, 'ERR_LOGIN_HANDLER_TWICE', both, /Leave one/),
  );

  it('are refused if two modules list one provider, with the advice to list it once', async () => {
    @Module({ providers: [Users] })
    class FeatureModule {}

    await expectRefusal(
      { imports: [forRoot(), FeatureModule] },
      'ERR_LOGIN_HANDLER_TWICE',
      /Users\.findById/,
      /one module|once/,
    );
  });

  it('may be provided under two tokens', () =>
    expectStart({ providers: [Users, { provide: 'users', useExisting: Users }] }));

  describe('of a provider that does not live as long as the application', () => {
    @Injectable({ scope: Scope.REQUEST })
    class RequestScoped extends Users {}

    @Injectable({ scope: Scope.TRANSIENT })
    class Transient extends Users {}

    @Injectable({ scope: Scope.REQUEST })
    class Tenant {}

    @Injectable()
    class OfTheTenant extends Users {
      constructor(@Inject(Tenant) readonly tenant: Tenant) {
        super();
      }
    }

    it.each<[string, Type[], RegExp]>([
      ['request-scoped', [RequestScoped], /RequestScoped\.findById/],
      ['transient', [Transient], /Transient\.findById/],
      ['request-scoped because of its injected provider', [OfTheTenant, Tenant], /OfTheTenant\.findById/],
    ])('are refused: %s', (_scope, providers, place) =>
      expectRefusal({ providers }, 'ERR_LOGIN_HANDLER_SCOPE', place, /request-scoped or transient/, /default scope/),
    );
  });
});
