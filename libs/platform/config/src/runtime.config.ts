import { configSection } from './config-section';
import { choice, optional, requiredInProduction, secret, text, url } from './entries';

/** The settings that every process of CaaS reads. */
export const runtimeConfig = configSection('runtime', {
  NODE_ENV: choice(['development', 'test', 'production'], {
    default: 'development',
    doc: 'in production nothing is made up: missing secrets are an error',
  }),
  DATA_DIR: text({
    default: '.data',
    doc: 'folder of the embedded engines, of files, and of secrets made outside production',
  }),
  MONGODB_URI: url(['mongodb', 'mongodb+srv'], {
    default: 'mongodb://127.0.0.1:27017/?replicaSet=caas',
    doc: 'MongoDB; `npm start` sets it to its own engine when unset',
  }),
  REDIS_URL: url(['redis', 'rediss'], {
    default: 'redis://127.0.0.1:6379',
    doc: 'Redis; `npm start` sets it to its own when unset',
  }),
  SECRETS_KEY: requiredInProduction(
    secret({
      minLength: 32,
      doc: 'encrypts tenants’ signing secrets at rest: 32 random bytes in base64 or hexadecimal; made and kept in DATA_DIR outside production',
    }),
  ),
  SECRETS_KEY_PREVIOUS: optional(
    secret({
      minLength: 32,
      doc: 'the SECRETS_KEY before this one: what it encrypted stays readable while keys rotate',
    }),
  ),
});
