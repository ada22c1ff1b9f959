/**
 * The private facts of Nest that LoginModule stands on, each by name: a new version that breaks one fails here first.
 */
import 'reflect-metadata';
import { All, Controller, createParamDecorator, Get, Query, RequestMethod, Session, UseGuards } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { LoginRequiredGuard } from 'nestjs-login';

/** Returns the function of a method, where decorators write. */
const handlerOf = (controller: { readonly prototype: object }): object =>
  Object.getOwnPropertyDescriptor(controller.prototype, 'handler')?.value as object;

describe('the metadata that Nest keeps', () => {
  it('of @UseGuards() on a handler is on its function, under the key "__guards__"', () => {
    @Controller()
    class Guarded {
      @Get()
      @UseGuards(LoginRequiredGuard)
      handler(): void {}
    }
    expect(Reflect.getOwnMetadata('__guards__', handlerOf(Guarded))).toEqual([LoginRequiredGuard]);
  });

  it('of @UseGuards() on a controller is on its class, and on no class that extends it', () => {
    @Controller()
    @UseGuards(LoginRequiredGuard)
    class Guarded {}
    class Derived extends Guarded {}

    expect(Reflect.getOwnMetadata('__guards__', Guarded)).toEqual([LoginRequiredGuard]);
    expect(Reflect.getOwnMetadata('__guards__', Derived)).toBeUndefined();
  });

  it('of the method of a route is on the handler, under the key "method"', () => {
    @Controller()
    class Every {
      @All()
      handler(): void {}
    }
    expect(Reflect.getMetadata('method', handlerOf(Every))).toBe(RequestMethod.ALL);
  });
});

describe('the metadata of the parameters of a handler', () => {
  const Custom = createParamDecorator(() => null);

  @Controller()
  class Reading {
    @Get()
    handler(@Query() _query: unknown, @Custom() _custom: unknown, @Session() _session: unknown): void {}

    @Get('other')
    other(@Query() _query: unknown, @Custom() _custom: unknown): void {}
  }
  class Derived extends Reading {}

  const keysOf = (controller: object, name: string): string[] =>
    Object.keys(Reflect.getMetadata('__routeArguments__', controller, name) as object);

  it('is on the class and the name of the method, under the key "__routeArguments__"', () => {
    expect(Reflect.hasOwnMetadata('__routeArguments__', Reading, 'handler')).toBe(true);
    expect(keysOf(Reading, 'handler')).toHaveLength(3);
  });

  it('has a key that begins with "7:" for @Session(), and for no other parameter', () => {
    expect(keysOf(Reading, 'handler').filter((key) => key.startsWith('7:'))).toEqual(['7:2']);
    expect(keysOf(Reading, 'other').filter((key) => key.startsWith('7:'))).toEqual([]);
  });

  it('is found through a class that extends the controller', () => {
    expect(Reflect.hasOwnMetadata('__routeArguments__', Derived, 'handler')).toBe(false);
    expect(keysOf(Derived, 'handler')).toContain('7:2');
  });
});

describe('ApplicationConfig', () => {
  it('hands out its own list of global guards, so that one can be put first', () => {
    const config = new ApplicationConfig();
    const guard = { canActivate: () => true };

    config.getGlobalGuards().unshift(guard);
    expect(config.getGlobalGuards()[0]).toBe(guard);
  });

  it('puts a filter that is added last, in both lists', () => {
    const config = new ApplicationConfig();
    const filters = [1, 2, 3].map(() => ({ catch: () => undefined }));

    config.addGlobalFilter(filters[0] as never);
    config.useGlobalFilters(filters[1] as never);
    config.addGlobalFilter(filters[2] as never);
    filters.forEach((filter) => config.addGlobalRequestFilter(filter as never));
    expect(config.getGlobalFilters().map((filter) => filters.indexOf(filter as never))).toEqual([0, 1, 2]);
    expect(config.getGlobalRequestFilters().map((filter) => filters.indexOf(filter as never))).toEqual([0, 1, 2]);
  });
});
