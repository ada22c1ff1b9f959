/** The private facts of Nest that LoginModule stands on, each by name: a new version that breaks one fails here first. */
import 'reflect-metadata';
import { All, Controller, Get, RequestMethod, UseGuards } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { LoginRequiredGuard } from 'nestjs-login';

describe('Nest', () => {
  it('keeps the guards of @UseGuards() on the handler under the key "__guards__"', () => {
    @Controller()
    class Guarded {
      @Get()
      @UseGuards(LoginRequiredGuard)
      handler(): void {}
    }
    const handler = Object.getOwnPropertyDescriptor(Guarded.prototype, 'handler')?.value as object;
    expect(Reflect.getMetadata('__guards__', handler)).toEqual([LoginRequiredGuard]);
  });

  it('keeps the method of a route on the handler under the key "method"', () => {
    @Controller()
    class Every {
      @All()
      handler(): void {}
    }
    const handler = Object.getOwnPropertyDescriptor(Every.prototype, 'handler')?.value as object;
    expect(Reflect.getMetadata('method', handler)).toBe(RequestMethod.ALL);
  });

  it('hands out its own list of global guards, so that one can be put first', () => {
    const config = new ApplicationConfig();
    const guard = { canActivate: () => true };
    config.getGlobalGuards().unshift(guard);
    expect(config.getGlobalGuards()[0]).toBe(guard);
  });
});
