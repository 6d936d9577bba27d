import { Inject, Module, type DynamicModule, type FactoryProvider, type ValueProvider } from '@nestjs/common';
import { readSections, type ConfigOf, type ConfigSection, type Environment } from './config-section';
import { Secrets, secretsOf } from './kept-secrets';
import { runtimeConfig } from './runtime.config';

const TOKENS = new Map<string, symbol>();

/** The injection token of a section's values. */
export function configToken(section: { name: string }): symbol {
  const token = TOKENS.get(section.name) ?? Symbol(`config:${section.name}`);
  TOKENS.set(section.name, token);
  return token;
}

/** Injects a section's values: `@InjectConfig(httpConfig) config: ConfigOf<typeof httpConfig>`. */
export const InjectConfig = (section: { name: string }): ParameterDecorator & PropertyDecorator =>
  Inject(configToken(section));

/** The whole environment of the process, read here and nowhere else. */
export const processEnvironment = (): Environment => process.env;

/**
 * Reads the environment once for the whole process. With `runtimeConfig` among the sections, `Secrets` can be injected. Global, because
 * the app names the sections, and nearly every library injects its own.
 */
@Module({})
export class ConfigModule {
  /**
   * @param environment tests pass their own
   * @throws ConfigurationError naming every problem of every section
   */
  static forRoot(sections: readonly ConfigSection[], environment = processEnvironment()): DynamicModule {
    const values = readSections(sections, environment);
    const providers: (ValueProvider | FactoryProvider)[] = sections.map((section) => ({
      provide: configToken(section),
      useValue: values.get(section.name),
    }));
    const runtime = values.get(runtimeConfig.name) as ConfigOf<typeof runtimeConfig> | undefined;
    if (runtime) providers.push({ provide: Secrets, useFactory: () => secretsOf(runtime) });
    return { module: ConfigModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
