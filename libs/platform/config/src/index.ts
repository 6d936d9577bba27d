export { ConfigModule, configToken, InjectConfig } from './config.module';
export { ConfigurationError, configSection, readSections, type ConfigOf, type ConfigSection } from './config-section';
export { choice, flag, integer, optional, port, secret, text, url, type Entry } from './entries';
export { PLATFORM_KEY_FILE, secretsOf, type Secrets } from './kept-secrets';
export { runtimeConfig } from './runtime.config';
export { configurationTable } from './table';
