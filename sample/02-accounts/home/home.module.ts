/** The first pages that a visitor sees. */
import { Module } from '@nestjs/common';
import { PagesModule } from '../pages/pages.module.js';
import { SecurityModule } from '../security/security.module.js';
import { HomeController } from './home.controller.js';

@Module({ imports: [PagesModule, SecurityModule], controllers: [HomeController] })
export class HomeModule {}
