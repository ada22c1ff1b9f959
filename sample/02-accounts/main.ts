/** Starts the application on http://localhost:3000, or on PORT. */
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DEMO_PASSWORD } from './accounts/demo-accounts.js';
import { AppModule } from './app.module.js';
import { Configuration } from './configuration.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger: ['error', 'warn'] });
const { port, host, trustProxy, isProduction } = app.get(Configuration);
app.enableShutdownHooks();
if (trustProxy !== undefined) app.set('trust proxy', trustProxy);
// Forms of other sites change nothing here.
app.enableCsrfProtection();
app.useSecurityHeaders({
  contentSecurityPolicy: {
    directives: {
      styleSrc: "'self'",
      frameAncestors: "'none'",
      // Without TLS there is nothing to upgrade to.
      upgradeInsecureRequests: isProduction,
    },
  },
  // 'no-referrer' would have browsers hide the origin of our own forms.
  referrerPolicy: { policy: 'same-origin' },
});
// Before LoginModule: a style sheet needs no session, and may be cached.
app.useStaticAssets(join(import.meta.dirname, 'pages/public'), { prefix: '/public/', maxAge: isProduction ? '1d' : 0 });
await (host === undefined ? app.listen(port) : app.listen(port, host));
const demo = ` and log in as ada@example.com, an admin, or grace@example.com with the password "${DEMO_PASSWORD}"`;
console.log(`Open http://localhost:${port}${isProduction ? '' : demo}.`);
