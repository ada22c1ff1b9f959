/** An area with a login page of its own. */
import { Module } from '@nestjs/common';
import { PagesModule } from '../pages/pages.module.js';
import { TeamController } from './team.controller.js';

@Module({ imports: [PagesModule], controllers: [TeamController] })
export class TeamModule {}
