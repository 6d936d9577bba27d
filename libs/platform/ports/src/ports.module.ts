import { Module, type DynamicModule, type Type } from '@nestjs/common';

/** A port that a lower library declares as an abstract class, and the class of a higher library that implements it. */
export type Answer = readonly [port: abstract new (...given: never[]) => unknown, answer: Type];

/**
 * Binds ports for a whole app: the one place where a lower library meets a higher one. It is global, like config and logging and
 * nothing else, because a lower library cannot import the module that implements its port. Specs of the apps check the number of
 * global modules (`moduleGraph`).
 */
@Module({})
export class PortsModule {
  /** @param imports the modules that export the implementations */
  static bind(imports: Type[], answers: readonly Answer[]): DynamicModule {
    return {
      module: PortsModule,
      global: true,
      imports,
      providers: answers.map(([provide, useExisting]) => ({ provide, useExisting })),
      exports: answers.map(([port]) => port),
    };
  }
}
