/** Lists the handlers of all controllers at start, for checks of their marks. */
import type { Type } from '@nestjs/common';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';

/** A controller with its methods by name, including its handlers. */
export interface ControllerHandlers {
  readonly controller: Type;
  readonly handlers: ReadonlyMap<string, object>;
}

/** Returns every controller of the application that is a class. */
export function controllerHandlers(discovery: DiscoveryService, scanner: MetadataScanner): ControllerHandlers[] {
  return discovery.getControllers().flatMap(({ metatype }) => {
    if (typeof metatype !== 'function') return [];
    const prototype = metatype.prototype as Record<string, object>;
    const names = scanner.getAllMethodNames(prototype);
    return [
      { controller: metatype as Type, handlers: new Map(names.map((name) => [name, prototype[name] as object])) },
    ];
  });
}
