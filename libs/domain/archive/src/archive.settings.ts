import { TIERS, type Tier } from '#caas/kernel';
import { integerSetting, nullableIntegerSetting, settingsSection } from '#caas/domain/settings';
import type { ConfigOf } from '#caas/platform/config';
import { MAX_DAYS, type archiveConfig } from './archive.config';

type Defaults = Pick<ConfigOf<typeof archiveConfig>, 'ARCHIVE_AFTER_DAYS' | 'ARCHIVE_RETENTION_DAYS'>;

/** The longest time messages may stay in the database, which costs more than cold storage. A longer `ARCHIVE_AFTER_DAYS` raises it. */
const MOST_DAYS_HOT: Record<Tier, number> = { free: 365, starter: 730, pro: 1_825, enterprise: MAX_DAYS };

/** What a tenant may configure for its archive. The deployment's configuration gives the defaults. */
export function archiveSettingsOf({ ARCHIVE_AFTER_DAYS: after, ARCHIVE_RETENTION_DAYS: retention }: Defaults) {
  const most = Object.fromEntries(TIERS.map((tier) => [tier, Math.max(MOST_DAYS_HOT[tier], after)]));
  return settingsSection('archive', {
    after_days: integerSetting({
      default: after,
      min: 0,
      max: most as Record<Tier, number>,
      doc: 'how old messages are, in days, when they move to cold storage, where they can be read but not changed; 0: as soon as they are sent',
    }),
    retention_days: nullableIntegerSetting({
      default: retention === 0 ? null : retention,
      min: 1,
      max: MAX_DAYS,
      doc: 'how old messages are, in days, when they go for good, wherever they lie; null, where that is the default: never',
    }),
  });
}
