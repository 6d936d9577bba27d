export { ConfigModule, configToken, InjectConfig, processEnvironment } from './config.module';
export {
  ConfigurationError,
  configSection,
  readSection,
  readSections,
  type ConfigOf,
  type ConfigSection,
  type Environment,
} from './config-section';
export { choice, duration, flag, integer, optional, port, secret, text, url, type Entry } from './entries';
export { keptSecret, operatorKeysOf, PLATFORM_KEY_FILE, Secrets, SECRETS_KEY_FILE, secretsOf } from './kept-secrets';
export { operatorsConfig } from './operators.config';
export { runtimeConfig } from './runtime.config';
export { configurationTable } from './table';
