/**
 * One copy of each class, whether it comes by require or by import: two would not know each other's providers and
 * marks.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

for (const [name, known] of [
  ['nestjs-login', 'LoginManagerService'],
  ['nestjs-login/testing', 'loginAs'],
  ['nestjs-login/redis', 'redisStorage'],
  ['nestjs-login/sql', 'sqlStorage'],
]) {
  const [required, imported] = [require(name), await import(name)];
  equal(typeof imported[known], 'function');
  for (const key of Object.keys(imported)) ok(required[key] === imported[key], `There are two copies of ${key}.`);
  const more = Object.keys(required).filter((key) => key !== '__esModule' && !(key in imported));
  deepEqual(more, [], `By require ${name} has names that it has not by import.`);
}
console.log('There is one copy of each class.');
