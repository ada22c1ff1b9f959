/** Marks, guards and methods that contradict each other. The stricter one wins. */
import { All, Controller, Get, Options, Post, UseGuards } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Fresh, LoginRequired, LoginRequiredGuard, Public } from 'nestjs-login';
import { startTestApp } from '../support/test-app.js';
import type { TestApp } from '../support/test-app.js';

@Injectable()
class OwnGuard extends LoginRequiredGuard {}

@Controller('mixed')
class MixedController {
  @Get('public-above')
  @Public()
  @UseGuards(LoginRequiredGuard)
  publicAbove(): string {
    return 'content';
  }

  @Get('public-below')
  @UseGuards(LoginRequiredGuard)
  @Public()
  publicBelow(): string {
    return 'content';
  }

  @All('every-method')
  @LoginRequired()
  everyMethod(): string {
    return 'content';
  }

  @All('every-method-fresh')
  @Fresh()
  everyMethodFresh(): string {
    return 'content';
  }

  @Options('options')
  @LoginRequired()
  options(): string {
    return 'preflight';
  }

  @Post('post')
  @LoginRequired()
  post(): string {
    return 'content';
  }
}

@Public()
@Controller('open')
class OpenController {
  @Get('own-guard')
  @UseGuards(OwnGuard)
  ownGuard(): string {
    return 'content';
  }
}

@Public()
@UseGuards(LoginRequiredGuard)
@Controller('both')
class BothController {
  @Get()
  page(): string {
    return 'content';
  }
}

describe.each(['manual', 'global'] as const)('I3 with guard: %s', (guard) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({ login: { guard }, controllers: [MixedController, OpenController, BothController] });
  });
  afterAll(() => app.close());

  it.each([
    ['GET', '/mixed/public-above'],
    ['GET', '/mixed/public-below'],
    ['GET', '/open/own-guard'],
    ['GET', '/both'],
    ['GET', '/mixed/every-method'],
    ['OPTIONS', '/mixed/every-method'],
    ['OPTIONS', '/mixed/every-method-fresh'],
    ['POST', '/mixed/post'],
  ])('%s %s answers nothing to nobody', async (method, path) => {
    const answer = await app
      .browser()
      .request(method, path, { headers: { accept: 'application/json', 'sec-fetch-mode': 'cors' } });
    expect([answer.status, answer.text.includes('content')]).toEqual([401, false]);
  });

  it('an @Options() handler answers a preflight', async () => {
    expect((await app.browser().request('OPTIONS', '/mixed/options')).text).toBe('preflight');
  });
});
