import { KIND_TYPES, type KindFields, type KindType } from '../store/kind-contents';
import type { Message } from '../store/message.schema';
import type { KindRow, KnownContent, MessageKind } from './message-kind';
import { PollKind } from './poll-kind';

/** Every kind of message, by its type. */
const KINDS = { poll: new PollKind() } satisfies { [T in KindType]: MessageKind<T> };

export const MESSAGE_KINDS: readonly MessageKind[] = KIND_TYPES.map((type) => KINDS[type]);

type Kinds = typeof KINDS;
type Views = { [T in KindType]: ReturnType<Kinds[T]['view']> | null };

/** The words of a message: a text, the content of a kind, or both. */
export type Said = Partial<KindFields> & { text?: string | null };

type Body = { type?: string; encrypted?: string } & { [T in KindType]?: Parameters<Kinds[T]['prepare']>[0] };

/** Null for plain messages: text, media and system messages. */
export const kindOf = ({ type }: Pick<Message, 'type'>): MessageKind | null =>
  (KINDS as Partial<Record<string, MessageKind>>)[type] ?? null;

/** Null where there is none: in plain messages and in tombstones. */
export function contentIn(said: Partial<KindFields>): KnownContent | null {
  for (const kind of MESSAGE_KINDS) {
    const content = said[kind.type];
    if (content) return { kind, content };
  }
  return null;
}

/** The fields of all kinds. */
export const kindFieldsOf = (said: Partial<KindFields>): KindFields =>
  fieldsOfKinds((kind) => said[kind.type] ?? null) as KindFields;

/**
 * The content in the body of a send.
 * @throws CaasError `invalid_<type>` (400), and what the kind's `prepare` throws
 */
export function preparedContent(body: Body, now: Date): KindFields {
  return fieldsOfKinds((kind) => {
    const { type } = kind;
    const given = body[type];
    if (body.type !== type && !given) return null;
    if (!given) throw kind.refused({ field: type, message: `must be given with the type "${type}"` });
    if (body.type !== type) throw kind.refused({ field: 'type', message: `must be "${type}" for a ${type}` });
    if (body.encrypted) throw kind.refused({ field: 'encrypted', message: `does not go with a ${type}` });
    return kind.prepare(given, now);
  }) as KindFields;
}

/**
 * The content that an edit gives; no field when it leaves the content as it is.
 * @throws CaasError `invalid_<type>` (400) for a message that cannot have it, and what the kind's `prepare` throws
 */
export function editedContent(message: Pick<Message, 'type'>, body: object, now: Date): Partial<KindFields> {
  const given = body as Partial<Record<KindType, object>>;
  const edited = MESSAGE_KINDS.filter(({ type }) => given[type]).map((kind) => {
    if (kind.type === message.type && kind.isEditable) return [kind.type, kind.prepare(given[kind.type]!, now)];
    throw kind.refused({ field: kind.type, message: 'must be left out in an edit of this message' });
  });
  return Object.fromEntries(edited) as Partial<KindFields>;
}

/** The content that an edit may replace, for its earlier versions. */
export function editableContentOf(message: Partial<KindFields>): Partial<KindFields> {
  const known = contentIn(message);
  return known?.kind.isEditable ? { [known.kind.type]: known.content } : {};
}

/** All words in it, for moderation and search. */
export function textsOf(said: Said): string[] {
  const known = contentIn(said);
  return [...(said.text ? [said.text] : []), ...(known ? known.kind.texts(known.content) : [])];
}

/** Replaces the words of a message, in the order of `textsOf`. */
export function withTexts<S extends Said>(said: S, texts: string[]): S {
  const [text, rest] = said.text ? [texts[0]!, texts.slice(1)] : [said.text, texts];
  const known = contentIn(said);
  return {
    ...said,
    ...(said.text ? { text } : {}),
    ...(known ? { [known.kind.type]: known.kind.withTexts(known.content, rest) } : {}),
  };
}

/** The content as clients see it, with the fields of all kinds. */
export const viewOfContent = (message: Partial<KindFields>): Views =>
  fieldsOfKinds((kind) => {
    const content = message[kind.type];
    return content ? kind.view(content) : null;
  }) as Views;

/** The content of an earlier version as clients see it, with the fields of the kinds that can be edited. */
export const viewOfEarlierContent = (version: Partial<KindFields>): Partial<Views> =>
  Object.fromEntries(
    Object.entries(viewOfContent(version)).filter(([type]) => KINDS[type as KindType].isEditable),
  ) as Partial<Views>;

/** What the viewer did with a message, with the fields of all kinds. @param rows the viewer's own rows of the message */
export function viewOfOwnRows(message: Pick<Message, 'type'>, rows: KindRow[]): object {
  const own = kindOf(message);
  return Object.assign({}, ...MESSAGE_KINDS.map((kind) => kind.viewOfOwn(kind === own ? rows : []))) as object;
}

/** The counts of rows that the message keeps, without those that are 0. */
export function countsOf(message: Partial<KindFields>): Record<string, number> {
  const known = contentIn(message);
  return known ? known.kind.counts(known.content) : {};
}

function fieldsOfKinds<V>(valueOf: (kind: MessageKind) => V): Record<KindType, V> {
  return Object.fromEntries(MESSAGE_KINDS.map((kind) => [kind.type, valueOf(kind)])) as Record<KindType, V>;
}
