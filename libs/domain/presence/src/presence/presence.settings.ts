import { flagSetting, settingsSection } from '#caas/domain/settings';

export const presenceSettings = settingsSection('presence', {
  enabled: flagSetting({ default: true, doc: 'users see who of the others is there' }),
});
