/** The layout of pages, and the responses to errors. */
import { Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ErrorPages, OutagePage } from './error-pages.js';
import { Pages } from './pages.js';

@Module({ providers: [Pages, OutagePage, { provide: APP_FILTER, useClass: ErrorPages }], exports: [Pages] })
export class PagesModule {}
