/** Renders the pages, by Eta, which escapes whatever a template prints. */
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Injectable } from '@nestjs/common';
import { Eta } from 'eta';
import type { Request, Response } from 'express';
import { LoginManagerService } from 'nestjs-login';

/** A message for the next page, shown once. */
interface Notice {
  readonly text: string;
  readonly kind: 'done' | 'info';
}

declare module 'express-session' {
  interface SessionData {
    notices?: Notice[];
  }
}

/** The text of an error for users. */
const ERRORS: Readonly<Record<number, readonly [title: string, text: string]>> = {
  400: ['That did not work', 'The request cannot be read.'],
  401: ['Please log in', 'This page is for people who are logged in.'],
  403: ['Not allowed', 'This page or action is not for your account, or the request came from another site.'],
  404: ['Not found', 'There is nothing at this address.'],
  409: ['Not possible', 'Nobody disables their own account.'],
  413: ['Too much', 'The request is larger than this application reads.'],
  429: ['Too many tries', 'For the safety of the account, no more tries are looked at for a while.'],
  500: ['Something went wrong', 'The error was written down. Please try again.'],
  503: ['Back in a moment', 'Logins cannot be checked just now. Nobody is logged out by it.'],
};

/**
 * It does not use @Render(), because the user must be known before the session is read, and a form needs its own
 * status.
 */
@Injectable()
export class Pages {
  readonly #eta = new Eta({ views: join(import.meta.dirname, 'views'), cache: true });

  constructor(private readonly login: LoginManagerService) {}

  /** Shows a page, with the user, the message of a refusal that led here and those of `goOn`. */
  async show(req: Request, res: Response, view: string, data: object = {}, status = 200): Promise<void> {
    // This comes first, because a remember cookie may restore the login and with it replace the session.
    const isAuthenticated = await this.login.isAuthenticated(req);
    const user = isAuthenticated ? await this.login.currentUser(req) : null;
    const refusals = this.login.flashes(req).map(({ message }): Notice => ({ text: message, kind: 'info' }));
    const notices = [...refusals, ...(req.session.notices ?? [])];
    if (req.session.notices) delete req.session.notices;
    const shared = { user, notices, path: req.path };
    res
      .status(status)
      .type('html')
      .send(this.#render(view, { errors: {}, values: {}, ...data, ...shared }));
  }

  /** Shows a form again with the entered values and a message beside each field. Passwords and codes are left out. */
  async showAgain(
    req: Request,
    res: Response,
    view: string,
    errors: Readonly<Record<string, string>>,
    data: object = {},
    status = 400,
  ): Promise<void> {
    const { email, remember } = (req.body ?? {}) as Record<string, unknown>;
    const values = { email: typeof email === 'string' ? email : '', remember: remember === 'on' };
    await this.show(req, res, view, { ...data, errors, values }, status);
  }

  /** Sends a browser on to a page, with a message for it. */
  async goOn(req: Request, res: Response, path: string, text?: string, kind: Notice['kind'] = 'done'): Promise<void> {
    if (text !== undefined) req.session.notices = [...(req.session.notices ?? []).slice(-4), { text, kind }];
    // Stored first: another node, or this one, may be asked for that page before this answer has ended.
    await promisify(req.session.save.bind(req.session))();
    res.redirect(303, path);
  }

  /** Shows an error, and asks no store for anything: one of them may be the reason. @param retryAfter seconds */
  error(req: Request, res: Response, status: number, retryAfter?: number): void {
    const [title, text] = ERRORS[status] ?? ERRORS[status < 500 ? 400 : 500] ?? [];
    const canRepeat = status >= 500 && req.method === 'GET';
    const data = { status, title, text, retryAfter, canRepeat, user: null, notices: [], errors: {}, path: '' };
    res.status(status).type('html').set('Cache-Control', 'no-store').send(this.#render('error', data));
  }

  #render(view: string, data: object): string {
    return this.#eta.render(`./${view}`, data);
  }
}
