/** The application for programs. */
import { Module } from '@nestjs/common';
import { LoginPagesModule } from '../login/login-pages.module.js';
import { ApiController } from './api.controller.js';

@Module({ imports: [LoginPagesModule], controllers: [ApiController] })
export class ApiModule {}
