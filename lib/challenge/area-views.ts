/** The login views that controllers and handlers have of their own, collected at start. */
import type { OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { LOGIN_VIEW } from '../metadata/metadata-keys.js';
import type { ResolvedLoginOptions } from '../options/resolved-login-options.js';
import { requireOrigin } from '../options/view-option.js';

/** Every address that stands in a `@LoginView()`. */
export class AreaViews implements OnModuleInit {
  /** as they were written */
  readonly urls = new Set<string>();

  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /** @throws LoginFault ERR_LOGIN_INVALID_OPTION for a view elsewhere without the option `origin` */
  onModuleInit(): void {
    for (const { metatype } of this.discovery.getControllers()) {
      if (typeof metatype !== 'function') continue;
      const prototype = metatype.prototype as Record<string, object>;
      const handlers = this.scanner.getAllMethodNames(prototype).map((name) => prototype[name] as object);
      for (const marked of [metatype, ...handlers]) {
        const view = Reflect.getMetadata(LOGIN_VIEW, marked) as string | undefined;
        if (view === undefined) continue;
        requireOrigin(view, `@LoginView() on ${metatype.name}`, this.options.origin);
        this.urls.add(view);
      }
    }
  }
}
