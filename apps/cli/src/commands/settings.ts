import { command } from '../framework/command';
import { TENANT, text } from '../framework/values';

const name = text('section.name', 'one setting, such as limits.sends_per_minute');

export const settingsShow = command({
  path: 'settings show',
  does: 'the settings of a tenant as they hold, and which of them operators have granted',
  parts: 'everything',
  words: {},
  options: { tenant: TENANT },
});

export const settingsGrant = command({
  path: 'settings grant',
  does: 'gives a tenant a ceiling of its own, above or below its tier’s, which is also its default',
  parts: 'everything',
  words: { name, value: text('value', 'as JSON: 500, true, "text", ["a"]; null takes the grant back') },
  options: { tenant: TENANT },
});
