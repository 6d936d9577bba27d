import { flagSetting, settingsSection } from '#caas/domain/settings';

export const searchSettings = settingsSection('search', {
  enabled: flagSetting({
    default: true,
    doc: 'messages can be searched by their words; what was sent while it was off is found too once it is on again',
  }),
});
