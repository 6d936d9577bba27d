import { configSection, flag, integer } from '#caas/platform/config';

export const tenancyConfig = configSection('tenancy', {
  TENANT_FIREWALL: flag({ default: true, doc: 'reads every command to the database; the third of three layers' }),
  TENANT_HANDLES: integer({
    default: 500,
    min: 1,
    max: 100_000,
    doc: 'pro and enterprise tenants whose compiled models a process keeps at once',
  }),
  MONGODB_POOL_SIZE: integer({ default: 24, min: 1, max: 1000, doc: 'database connections of a process' }),
});
