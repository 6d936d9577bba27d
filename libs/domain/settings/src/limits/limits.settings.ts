import { integerSetting, type SettingEntry } from '../entries';
import { settingsSection } from '../settings-section';

const LEAST_PER_MINUTE = 20;
/** As much as an operator may grant: a million a second. */
const MOST_GRANTED_PER_MINUTE = 60_000_000;

type PerMinute = [free: number, starter: number, pro: number, enterprise: number];

/** What a tier's tenant may spend as a whole; it may set less. */
const ofTenant = (doc: string, most: PerMinute) => rateSetting(`${doc} a minute, by the whole tenant`, most, most);

/** What each of its users may spend by their own token; up to all that the tenant has, if it says so. */
const ofUser = (doc: string, usual: PerMinute, most: PerMinute) =>
  rateSetting(`${doc} a minute, by each user`, usual, most);

function rateSetting(doc: string, usual: PerMinute, most: PerMinute): SettingEntry<number> {
  return integerSetting({
    default: byTier(usual),
    min: LEAST_PER_MINUTE,
    max: byTier(most),
    mostGranted: MOST_GRANTED_PER_MINUTE,
    doc,
  });
}

const byTier = ([free, starter, pro, enterprise]: PerMinute) => ({ free, starter, pro, enterprise });

const READS: PerMinute = [6_000, 30_000, 120_000, 600_000];
const WRITES: PerMinute = [3_000, 15_000, 60_000, 300_000];
const SEARCHES: PerMinute = [600, 3_000, 12_000, 60_000];
const UPLOADS: PerMinute = [300, 1_500, 6_000, 30_000];
const CONNECTS: PerMinute = [600, 600, 600, 600];

/**
 * How often a tenant and its users may call, in points: most calls take one. And how many sockets a user may have. The ceilings are what the tier pays for; the tenant
 * chooses below them, and only an operator grants more.
 */
export const limitsSettings = settingsSection('limits', {
  reads_per_minute: ofTenant('points of reading', READS),
  writes_per_minute: ofTenant('points of changing anything', WRITES),
  sends_per_minute: ofTenant('messages', WRITES),
  searches_per_minute: ofTenant('searches', SEARCHES),
  uploads_per_minute: ofTenant('uploads, each chunk of a resumable one', UPLOADS),
  keys_per_minute: ofTenant('points of keys', SEARCHES),
  admin_per_minute: ofTenant('points of settings and moderation', [300, 600, 1_200, 3_000]),
  user_reads_per_minute: ofUser('points of reading', [600, 900, 1_200, 1_800], READS),
  user_writes_per_minute: ofUser('points of changing anything', [600, 900, 1_200, 1_800], WRITES),
  user_sends_per_minute: ofUser('messages', [120, 180, 240, 600], WRITES),
  user_searches_per_minute: ofUser('searches', [60, 60, 120, 120], SEARCHES),
  user_uploads_per_minute: ofUser('uploads, each chunk of a resumable one', [60, 120, 240, 600], UPLOADS),
  user_keys_per_minute: ofUser('points of keys', [120, 120, 240, 240], SEARCHES),
  user_connects_per_minute: ofUser('connections of sockets', CONNECTS, CONNECTS),
  user_sockets: integerSetting({
    default: 20,
    min: 1,
    max: 1_000,
    mostGranted: 1_000_000,
    doc: 'sockets that each user may have connected at once',
  }),
});
