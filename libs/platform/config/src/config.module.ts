import { Inject, Module, type DynamicModule } from '@nestjs/common';
import { readSections, type ConfigSection } from './config-section';

const TOKENS = new Map<string, symbol>();

/** The injection token of a section's values. */
export function configToken(section: { name: string }): symbol {
  const token = TOKENS.get(section.name) ?? Symbol(`config:${section.name}`);
  TOKENS.set(section.name, token);
  return token;
}

export const InjectConfig = (section: { name: string }): ParameterDecorator & PropertyDecorator =>
  Inject(configToken(section));

/** Reads the environment once for the whole process. */
@Module({})
export class ConfigModule {
  /**
   * @param environment tests hand in their own
   * @throws ConfigurationError
   */
  static forRoot(sections: readonly ConfigSection<never>[], environment = process.env): DynamicModule {
    const values = readSections(sections as unknown as ConfigSection[], environment);
    const providers = sections.map((section) => ({
      provide: configToken(section),
      useValue: values.get(section.name),
    }));
    return { module: ConfigModule, global: true, providers, exports: providers.map(({ provide }) => provide) };
  }
}
