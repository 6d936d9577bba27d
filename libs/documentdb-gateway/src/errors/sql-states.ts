/** SQLSTATEs that the gateway's own functions in PostgreSQL raise. */
export const TRANSACTION_TOO_OLD = 'CG225';
export const BATCH_REFUSED = 'CG001';

/** Two writers met (a serialization failure, a deadlock), and one of them may simply start over. */
export const WRITERS_MET: readonly string[] = ['40001', '40P01'];

/** As the engine packs a SQLSTATE into a number inside `writeErrors`: six bits a character, from '0'. */
export function packSqlState(sqlState: string): number {
  return [...sqlState].reduce((packed, _, place) => packed | ((sqlState.charCodeAt(place) - 48) << (6 * place)), 0);
}

export function unpackSqlState(packed: number): string {
  return Array.from({ length: 5 }, (_, place) => String.fromCharCode(((packed >> (6 * place)) & 63) + 48)).join('');
}
