/** Collects at start the login views of single controllers and handlers. */
import type { OnModuleInit } from '@nestjs/common';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { controllerHandlers } from '../metadata/controller-handlers.js';
import { LOGIN_VIEW } from '../metadata/metadata-keys.js';
import type { ResolvedLoginOptions } from '../options/resolve-login-options.js';
import { requireOrigin } from '../options/view-option.js';

/** Knows all addresses that `@LoginView()` marks contain. */
export class AreaViews implements OnModuleInit {
  /** the addresses as the developer wrote them */
  readonly urls = new Set<string>();

  constructor(
    private readonly options: ResolvedLoginOptions,
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  /**
   * Collects the views.
   * @throws LoginFault ERR_LOGIN_INVALID_OPTION for an absolute view without the option `origin`
   */
  onModuleInit(): void {
    for (const { controller, handlers } of controllerHandlers(this.discovery, this.scanner))
      for (const marked of [controller, ...handlers.values()]) {
        const view = Reflect.getMetadata(LOGIN_VIEW, marked) as string | undefined;
        if (view === undefined) continue;
        requireOrigin(view, `@LoginView() on ${controller.name}`, this.options.origin);
        this.urls.add(view);
      }
  }
}
