import { ENGINE_CODES } from './engine-codes';

/** SQLSTATEs that the gateway's own functions in PostgreSQL raise. */
export const TRANSACTION_TOO_OLD = 'CG225';
export const BATCH_REFUSED = 'CG001';
/** With the reply that names the duplicates as its message. */
export const DUPLICATES_RAISED = 'CG002';

/** Two writers met (a serialization failure, a deadlock, a lock that did not come free), and one of them may simply start over. */
export const WRITERS_MET: readonly string[] = ['40001', '40P01', '55P03'];

/** A unique index is an exclusion constraint to the engine's extended index. */
export const UNIQUE_VIOLATIONS: readonly string[] = ['23505', '23P01'];

/** The engine's own states for one of MongoDB's codes: `M` and four base-36 digits. */
export const engineStatesOf = (code: number): string[] =>
  ENGINE_CODES.flatMap((known, ordinal) =>
    known === code ? [`M${ordinal.toString(36).toUpperCase().padStart(4, '0')}`] : [],
  );

/** As the engine packs a SQLSTATE into a number inside `writeErrors`: six bits a character, from '0'. */
export function packSqlState(sqlState: string): number {
  return [...sqlState].reduce((packed, _, place) => packed | ((sqlState.charCodeAt(place) - 48) << (6 * place)), 0);
}

export function unpackSqlState(packed: number): string {
  return Array.from({ length: 5 }, (_, place) => String.fromCharCode(((packed >> (6 * place)) & 63) + 48)).join('');
}
