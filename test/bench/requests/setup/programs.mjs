/** Lists the compared programs, in the order of the tables. */

/** Bare Nest. Every program has its cost as well. */
export const FLOOR = 'bare';
/** The program that all ratios refer to. */
export const REFERENCE = 'by-hand';
/** This library. */
export const LIBRARY = 'nestjs-login';

/** The bench prints the versions of `packages`, and goes on without an `optional` program that does not start. */
export const PROGRAMS = [
  { name: FLOOR, storages: ['memory', 'redis'], packages: ['@nestjs/core', '@nestjs/platform-express', 'express'] },
  { name: REFERENCE, storages: ['memory', 'redis'], packages: ['express-session', 'connect-redis', 'redis'] },
  { name: 'passport', storages: ['memory', 'redis'], packages: ['passport', '@nestjs/passport'], optional: true },
  { name: 'jwt', storages: ['memory'], packages: ['@nestjs/jwt'] },
  {
    name: 'better-auth',
    storages: ['memory', 'redis'],
    packages: ['better-auth', '@thallesp/nestjs-better-auth'],
    optional: true,
  },
  {
    name: 'fastify-session',
    storages: ['redis'],
    packages: ['@fastify/session', '@nestjs/platform-fastify', 'fastify'],
    optional: true,
  },
  { name: LIBRARY, storages: ['memory', 'redis'], packages: [LIBRARY] },
  {
    name: 'nestjs-login-on-demand',
    storages: ['memory', 'redis'],
    packages: [],
    /** The program is not there yet if its start fails with this code. */
    absentWith: 'ERR_LOGIN_UNKNOWN_OPTION',
  },
];
