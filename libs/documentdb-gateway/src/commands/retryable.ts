import { MongoError } from '../errors/mongo-error';
import type { Command } from './command';

/** What names one attempt's write for good: the same three again are the same write again. */
export interface WriteIdentity {
  session: Buffer;
  /** What a retry waits on while the first attempt is at work. */
  lockKey: bigint;
  number: bigint;
}

/** Where the session's random UUID lies inside the raw `lsid`: after its length, and the type, name, length and subtype of `id`. */
const UUID_AT = 4 + 1 + 3 + 4 + 1;
const UUID_BYTES = 16;

/** @returns null for a write that the driver would not send twice, and inside a transaction. */
export function writeIdentity({ lsid, txnNumber, inTransaction }: Command): WriteIdentity | null {
  if (inTransaction || lsid === null || txnNumber === null) return null;
  const session = Buffer.from(lsid, 'latin1');
  if (session.length < UUID_AT + UUID_BYTES) throw MongoError.of('InvalidOptions', 'lsid.id must be a UUID');
  return { session, lockKey: session.readBigInt64LE(UUID_AT), number: txnNumber };
}
