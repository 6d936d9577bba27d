import { MAX_METADATA_BYTES } from '#caas/kernel';
import { integerSetting, settingsSection } from '#caas/domain/settings';

export const MAX_TEXT_CODE_POINTS = 20_000;
const A_YEAR_SECONDS = 365 * 24 * 60 * 60;

export const messagesSettings = settingsSection('messages', {
  max_text_length: integerSetting({
    default: MAX_TEXT_CODE_POINTS,
    min: 1,
    max: MAX_TEXT_CODE_POINTS,
    doc: 'code points in the text of a message',
  }),
  max_metadata_bytes: integerSetting({
    default: MAX_METADATA_BYTES,
    min: 2,
    max: MAX_METADATA_BYTES,
    doc: 'bytes of JSON in the metadata of a message',
  }),
  edit_window_seconds: integerSetting({
    default: 0,
    min: 0,
    max: A_YEAR_SECONDS,
    doc: 'for how long after sending a message can be edited; 0 is for good',
  }),
});
