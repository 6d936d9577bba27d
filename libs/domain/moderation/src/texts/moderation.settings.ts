import { choiceSetting, listSetting, settingsSection } from '#caas/domain/settings';
import { patternsProblem } from './patterns';
import { hasWord } from './words';

export const moderationSettings = settingsSection('moderation', {
  blocked_words: listSetting({
    default: [],
    maxItems: 1_000,
    maxLength: 64,
    item: (text) => (hasWord(text) ? null : 'must have items with a letter or digit'),
    doc: 'words and phrases that texts must not have: found whole, in any letter case, with or without accents',
  }),
  blocked_patterns: listSetting({
    default: [],
    maxItems: 50,
    maxLength: 200,
    all: patternsProblem,
    doc: 'regular expressions in the syntax of RE2, in any letter case, that texts must not match; a text that takes them too long counts as matching',
  }),
  action: choiceSetting(['reject', 'mask', 'flag'], {
    default: 'reject',
    doc: 'what becomes of such a text: it is refused, stored with asterisks, or stored and put before the moderators',
  }),
});
