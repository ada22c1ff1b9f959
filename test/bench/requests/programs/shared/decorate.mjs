/** Applies decorators by hand, because the programs run without a compiler. */
import 'reflect-metadata';
import { Controller, Inject, Module } from '@nestjs/common';

/**
 * Decorates one method of a class.
 * @param marks `on` holds the decorators of the method, `takes` those of its parameters
 */
export function decorate(Class, name, { on, takes = [] }) {
  for (const [place, decorator] of takes.entries()) decorator(Class.prototype, name, place);

  const descriptor = Object.getOwnPropertyDescriptor(Class.prototype, name);
  for (const decorator of on) decorator(Class.prototype, name, descriptor);
}

/** Makes a class a controller. Nest injects the tokens into its constructor. */
export function asController(Class, ...tokens) {
  injects(Class, ...tokens);
  Controller()(Class);
}

/** Lets Nest inject the tokens into the constructor of a class. */
export function injects(Class, ...tokens) {
  for (const [place, token] of tokens.entries()) Inject(token)(Class, undefined, place);
}

/** Makes the root module of a program. */
export function rootModule(parts) {
  class Root {}
  Module(parts)(Root);

  return Root;
}
