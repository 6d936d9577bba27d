import type { Message } from '../store/message.schema';
import type { KindRow } from './message-kind';
import { kindOf, MESSAGE_KINDS } from './message-kinds';

const NAMES = MESSAGE_KINDS.flatMap(({ rows }) => (rows ? [rows.archivedAs] : []));

/** The types whose messages may have rows. They also name the fields that hold the content of such messages. */
export const TYPES_WITH_ROWS: ReadonlySet<string> = new Set(
  MESSAGE_KINDS.filter(({ rows }) => rows).map(({ type }) => type),
);

/** A message's rows by their names in a line of the archive. The names of other kinds have no rows. */
export function namedRowsOf(message: Pick<Message, 'type'>, rows: KindRow[]): Record<string, KindRow[]> {
  const own = kindOf(message)?.rows?.archivedAs;
  return Object.fromEntries(NAMES.map((name) => [name, name === own ? rows : []]));
}

/** The rows in a line of the archive. */
export function rowsAmong(message: Pick<Message, 'type'>, named: Record<string, unknown>): KindRow[] {
  const own = kindOf(message)?.rows?.archivedAs;
  return (own ? (named[own] as KindRow[] | undefined) : undefined) ?? [];
}
