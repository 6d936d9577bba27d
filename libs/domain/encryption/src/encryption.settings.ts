import { integerSetting, settingsSection } from '#caas/domain/settings';

export const encryptionSettings = settingsSection('encryption', {
  prekeys_low_below: integerSetting({
    default: 20,
    min: 1,
    max: 100,
    doc: 'with fewer one-time keys of a kind left than this, a device is told by keys.low',
  }),
  claims_per_hour: integerSetting({
    default: 120,
    min: 1,
    max: 10_000,
    doc: 'how often one user may fetch the key bundles of another within an hour; more are a 429',
  }),
});
