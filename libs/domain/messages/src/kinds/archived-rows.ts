import type { Message } from '../store/message.schema';
import type { KindRow } from './message-kind';
import { kindOf, MESSAGE_KINDS } from './message-kinds';

const NAMES = MESSAGE_KINDS.flatMap(({ rows }) => (rows ? [rows.archivedAs] : []));

/** Types whose messages may have rows, and so the fields of which one holds the content of a message with rows. */
export const TYPES_WITH_ROWS: ReadonlySet<string> = new Set(
  MESSAGE_KINDS.filter(({ rows }) => rows).map(({ type }) => type),
);

/** A message's rows by the name that a line of the archive has for them; under the names of other kinds, none. */
export function namedRowsOf(message: Pick<Message, 'type'>, rows: KindRow[]): Record<string, KindRow[]> {
  const own = kindOf(message)?.rows?.archivedAs;
  return Object.fromEntries(NAMES.map((name) => [name, name === own ? rows : []]));
}

/** The rows in a line that was read. */
export function rowsAmong(message: Pick<Message, 'type'>, named: Record<string, unknown>): KindRow[] {
  const own = kindOf(message)?.rows?.archivedAs;
  return (own ? (named[own] as KindRow[] | undefined) : undefined) ?? [];
}
