import { conflict } from '#caas/kernel';
import { flagSetting, integerSetting, settingsSection, type SettingsOf } from '#caas/domain/settings';

export const groupsSettings = settingsSection('groups', {
  max_members: integerSetting({
    default: { free: 1_000, starter: 5_000, pro: 20_000, enterprise: 100_000 },
    min: 2,
    max: { free: 1_000, starter: 10_000, pro: 100_000, enterprise: 1_000_000 },
    doc: 'how many may be in one group or channel; who is in already stays in',
  }),
  invites_enabled: flagSetting({ default: true, doc: 'groups can be joined by the code of an invite' }),
});

/** @throws CaasError `group_full` (409) when `count` is above the limit */
export function requireRoom({ max_members }: SettingsOf<typeof groupsSettings>, count: number): void {
  if (count > max_members) throw conflict('group_full', `No more than ${max_members} may be in one group or channel.`);
}
