/** Runs the tests as the configuration of `nest new` does, without its plugin for path aliases: there are none here. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globals: true,
    root: './',
    include: ['**/*.spec.ts'],
  },
});
