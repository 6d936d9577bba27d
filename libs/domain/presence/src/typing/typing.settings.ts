import { flagSetting, settingsSection } from '#caas/domain/settings';

export const typingSettings = settingsSection('typing', {
  enabled: flagSetting({ default: true, doc: 'users see who is writing' }),
});
