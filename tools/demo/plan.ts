import type { Mail, Person } from './mails';

const MAX_TEXT = 20_000;

export interface Post {
  /** Names the message for good: a repeated attempt to send it carries the same key. */
  key: string;
  sender: string;
  text: string;
}

export interface PlannedConversation {
  type: 'direct' | 'group';
  name: string;
  /** External ids; the first one opens it. */
  members: string[];
  /** In the order they are to be sent. */
  posts: Post[];
}

export interface Plan {
  people: Person[];
  conversations: PlannedConversation[];
  posts: number;
}

/** Each thread a group of everybody who wrote in it, and of whom the first mail was sent to. */
export function planGroups(mails: Mail[]): Plan {
  return planned(mails, 'group', threadOf(mails), (mail) => [mail.from, mail.to]);
}

/** Where only two can talk: whoever writes, with the one they answer, or else with whom they wrote to. */
export function planDirect(mails: Mail[]): Plan {
  const byMessageId = new Map(mails.map((mail) => [mail.messageId, mail]));
  const partnerOf = (mail: Mail): Person => {
    const answered = mail.answers.toReversed().map((id) => byMessageId.get(id)?.from);
    const others = [...answered, mail.to].filter((each) => each && each.externalId !== mail.from.externalId);
    return others[0] ?? { externalId: 'note-to-self', displayName: 'Note to self' };
  };
  const pairOf = (mail: Mail) => [mail.from.externalId, partnerOf(mail).externalId].sort().join(' ');
  return planned(mails, 'direct', pairOf, (mail) => [mail.from, partnerOf(mail)]);
}

function planned(
  mails: Mail[],
  type: PlannedConversation['type'],
  keyOf: (mail: Mail) => string,
  peopleOf: (mail: Mail) => Person[],
): Plan {
  const people = new Map<string, Person>();
  const conversations = new Map<string, PlannedConversation>();
  for (const mail of mails) {
    const key = keyOf(mail);
    const known = conversations.get(key);
    // The recipient of the first mail is enough: most were sent to the same list again and again.
    const involved = known && type === 'group' ? [mail.from] : peopleOf(mail);
    for (const each of involved) if (!people.has(each.externalId)) people.set(each.externalId, each);
    const conversation = known ?? { type, name: mail.subject.slice(0, 100).toWellFormed(), members: [], posts: [] };
    conversation.members = [...new Set([...conversation.members, ...involved.map(({ externalId }) => externalId)])];
    conversation.posts.push(...postsOf(mail));
    conversations.set(key, conversation);
  }
  const all = [...conversations.values()];
  return {
    people: [...people.values()],
    conversations: all,
    posts: all.reduce((sum, { posts }) => sum + posts.length, 0),
  };
}

/** By References and In-Reply-To where the answered mail is there, else by subject without its `Re:` and `[list]`. */
function threadOf(mails: Mail[]): (mail: Mail) => string {
  const threads = new Map<string, string>();
  for (const mail of mails) {
    const answered = mail.answers.find((id) => threads.has(id));
    threads.set(mail.messageId, answered ? threads.get(answered)! : `subject ${normalised(mail)}`);
  }
  return (mail) => threads.get(mail.messageId)!;
}

function normalised({ subject, messageId }: Mail): string {
  const bare = subject
    .toLowerCase()
    .replace(/^(\s*(re|fwd?|aw|sv)(\[\d+\])?\s*:|\s*\[[^\]]*\])+/g, '')
    .trim();
  return bare === '' || bare === '(no subject)' ? messageId : bare;
}

/** A text above the limit becomes several messages. */
function postsOf(mail: Mail): Post[] {
  const characters = [...mail.text];
  const parts = Math.ceil(characters.length / MAX_TEXT);
  return Array.from({ length: parts }, (_, part) => ({
    key: parts === 1 ? mail.id : `${mail.id}-${part + 1}`,
    sender: mail.from.externalId,
    text: characters.slice(part * MAX_TEXT, (part + 1) * MAX_TEXT).join(''),
  }));
}
