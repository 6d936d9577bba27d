export {
  type ConfigOf,
  type ConfigSection,
  ConfigurationError,
  type Environment,
  configSection,
  readSection,
  readSections,
} from './config-section';
export { ConfigModule, InjectConfig, configToken, processEnvironment } from './config.module';
export { choice, duration, flag, integer, optional, port, secret, text, url } from './entries';
export { PLATFORM_KEY_FILE, SECRETS_KEY_FILE, Secrets, keptSecret, operatorKeysOf, secretsOf } from './kept-secrets';
export { operatorsConfig } from './operators.config';
export { runtimeConfig } from './runtime.config';
export { configurationTable } from './table';
