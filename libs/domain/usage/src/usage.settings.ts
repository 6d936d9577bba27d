import { flagSetting, settingsSection } from '#caas/domain/settings';

export const usageSettings = settingsSection('usage', {
  warn_clients: flagSetting({
    default: true,
    doc: 'connected clients are sent quota.warning; your server finds the warnings in GET /v1/usage in any case',
  }),
});
