import { sessionKey, type SessionKey } from '../postgres/session-key';
import type { Command } from './command';

/** What names a write that the driver may send twice: the same session and number again are the same write again. */
export interface WriteIdentity {
  session: SessionKey;
  number: bigint;
}

/** @returns null for a write that the driver would not send twice, and inside a transaction. */
export function writeIdentity({ lsid, txnNumber, inTransaction }: Command): WriteIdentity | null {
  if (inTransaction || lsid === null || txnNumber === null) return null;
  return { session: sessionKey(lsid), number: txnNumber };
}
