import { configSection, integer, optional, secret } from '#caas/platform/config';

/** A hundred years. */
export const MAX_DAYS = 36_500;

export const archiveConfig = configSection('archive', {
  ARCHIVE_AFTER_DAYS: integer({
    default: 365,
    min: 0,
    max: MAX_DAYS,
    doc: 'how old messages are when they move to cold storage, unless the tenant says otherwise; 0: at once',
  }),
  ARCHIVE_RETENTION_DAYS: integer({
    default: 0,
    min: 0,
    max: MAX_DAYS,
    doc: 'how old messages in cold storage are when they go for good, unless the tenant says otherwise; 0: never',
  }),
  ARCHIVE_MASTER_KEY: optional(
    secret({
      minLength: 32,
      doc: 'encrypts what is archived from now on, with a key for each tenant that is made from it',
    }),
  ),
  ARCHIVE_MASTER_KEY_PREVIOUS: optional(
    secret({ minLength: 32, doc: 'the one before: still opens what it has closed' }),
  ),
  ARCHIVE_CACHE_MB: integer({
    default: 48,
    min: 1,
    max: 65_536,
    doc: 'how much of cold storage a process keeps in memory, in megabytes',
  }),
});
