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
export { PLATFORM_KEY_FILE, Secrets, secretsOf } from './kept-secrets';
export { runtimeConfig } from './runtime.config';
export { configurationTable } from './table';
