import { configSection } from './config-section';
import { optional, requiredInProduction, secret } from './entries';

/** The credentials of operators; only apis read them. */
export const operatorsConfig = configSection('operators', {
  PLATFORM_ADMIN_KEY: requiredInProduction(
    secret({
      minLength: 16,
      doc: 'opens /platform/v1 and the operator pages; made and kept in DATA_DIR outside production',
    }),
  ),
  PLATFORM_READONLY_KEY: optional(
    secret({ minLength: 16, doc: 'opens the operator pages for looking only; without it there is no such key' }),
  ),
});
