import { listSetting } from '../entries';
import { settingsSection } from '../settings-section';

const MAX_ORIGINS = 100;
const MAX_CHARACTERS = 255;

/** Which web pages may call: a list, and no pattern. An entry for everybody would be one that nobody remembers having made. */
export const originsSettings = settingsSection('origins', {
  allowed: listSetting({
    default: [],
    maxItems: MAX_ORIGINS,
    maxLength: MAX_CHARACTERS,
    item: (text) => (isOrigin(text) ? null : 'must have origins as browsers send them, such as https://app.example'),
    doc: 'origins of web pages that may call this api and open sockets, such as https://app.example; there is no "*"',
  }),
});

/** Scheme, host, and a port unless it is the scheme's own, spelled as a browser spells it (RFC 6454). */
export function isOrigin(text: string): boolean {
  if (text.includes('*') || !/^https?:/.test(text) || !URL.canParse(text)) return false;
  return new URL(text).origin === text;
}
