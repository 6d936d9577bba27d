import { integerSetting, listSetting, settingsSection } from '#caas/domain/settings';
import { covers, MAX_FILE_BYTES, MAX_DURATION_SECONDS, TYPES } from './ceilings';

/** One type, or a prefix followed by `*`. */
const PATTERN = /^[a-z]+\/(\*|[a-z0-9][a-z0-9.+-]*\*?)$/;

export const mediaSettings = settingsSection('media', {
  max_file_bytes: integerSetting({
    default: MAX_FILE_BYTES,
    min: 1,
    max: MAX_FILE_BYTES,
    doc: 'bytes of one file; an upload that has begun goes on',
  }),
  allowed_types: listSetting({
    default: TYPES,
    maxItems: 100,
    maxLength: 100,
    item: (type) =>
      PATTERN.test(type) && covers(TYPES, type) ? null : `must have items that fall under ${TYPES.join(', ')}`,
    doc: 'types of files, as clients declare them and as they are found to be: image/png, or image/* for all of a kind',
  }),
  max_duration_seconds: integerSetting({
    default: MAX_DURATION_SECONDS,
    min: 1,
    max: MAX_DURATION_SECONDS,
    doc: 'how long a video or an audio may last',
  }),
});
