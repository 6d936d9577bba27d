import { Module, type DynamicModule, type Type } from '@nestjs/common';

/** A question that a lower library declares as an abstract class, and the class of a higher one that answers it. */
export type Answer = readonly [port: abstract new (...given: never[]) => unknown, answer: Type];

/**
 * Binds ports for a whole app: the one place where a lower library meets a higher one. Global, beside config and logging, and only
 * these: a lower library cannot import the module that answers it. Specs of the apps hold the number (`moduleGraph`).
 */
@Module({})
export class PortsModule {
  /** @param imports the modules that export the answers */
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
