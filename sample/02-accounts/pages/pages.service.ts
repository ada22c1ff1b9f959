/** Renders the pages, by Eta, which escapes whatever a template prints. */
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Eta } from 'eta';
import type { Request, Response } from 'express';
import { LoginManagerService } from 'nestjs-login';

/** A message for the next page, shown once. */
interface Notice {
  readonly text: string;
  readonly kind: 'done' | 'warning';
}

declare module 'express-session' {
  interface SessionData {
    notices?: Notice[];
  }
}

/** What people read of an error. */
const ERRORS: Readonly<Record<number, readonly [title: string, text: string]>> = {
  400: ['That did not work', 'The request cannot be read.'],
  401: ['Please log in', 'This page is for people who are logged in.'],
  403: ['Not allowed', 'This page or action is not for your account, or the request came from another site.'],
  404: ['Not found', 'There is nothing at this address.'],
  409: ['Not possible', 'Nobody disables their own account.'],
  413: ['Too much', 'The request is larger than this application reads.'],
  429: ['Too many tries', 'For the safety of the account, no more tries are looked at for a while.'],
  500: ['Something went wrong', 'The error was written down. Please try again.'],
  503: ['Back in a moment', 'Logins cannot be checked just now. You are not logged out.'],
};

@Injectable()
export class Pages {
  readonly #eta = new Eta({ views: join(import.meta.dirname, 'views'), cache: true });

  constructor(private readonly login: LoginManagerService) {}

  /** Shows a page, with the user, the messages of the refusal that led here and those of `notify`. */
  async show(req: Request, res: Response, view: string, data: object = {}, status = 200): Promise<void> {
    // First: who asks may be restored by a remember cookie, and that puts another session into its place.
    const isAuthenticated = await this.login.isAuthenticated(req);
    const user = isAuthenticated ? await this.login.currentUser(req) : null;
    const refusals = this.login.flashes(req).map(({ message }): Notice => ({ text: message, kind: 'warning' }));
    const notices = [...refusals, ...(req.session.notices ?? [])];
    if (req.session.notices) delete req.session.notices;
    res
      .status(status)
      .type('html')
      .send(this.#render(view, { errors: {}, values: {}, ...data, user, notices, path: req.path }));
  }

  /** Shows a form again, with what was written into it but for passwords and codes, and with a complaint beside each field. */
  async again(
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

  /** Shows an error, and asks no store for anything: one of them may be the reason. @param retryAfter seconds */
  error(res: Response, status: number, retryAfter?: number): void {
    const [title, text] = ERRORS[status] ?? ERRORS[status < 500 ? 400 : 500] ?? [];
    res.status(status).type('html').set('Cache-Control', 'no-store');
    res.send(this.#render('error', { status, title, text, retryAfter, user: null, notices: [], path: '' }));
  }

  /** A message for the next page. */
  notify(req: Request, text: string, kind: Notice['kind'] = 'done'): void {
    req.session.notices = [...(req.session.notices ?? []), { text, kind }];
  }

  #render(view: string, data: object): string {
    return this.#eta.render(`./${view}`, data);
  }
}
