import { configSection, integer } from '#caas/platform/config';

export const messagingConfig = configSection('messaging', {
  TENANT_SENDS_PER_SECOND: integer({
    default: 5_000,
    min: 1,
    max: 1_000_000,
    doc: 'how many messages the users of one tenant may send through one process; more are a 429',
  }),
});
