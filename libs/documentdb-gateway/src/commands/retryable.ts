import { sessionKey, type SessionKey } from '../postgres/session-key';

/** What names a write that the driver may send twice: the same session and number again are the same write again. */
export interface WriteIdentity {
  session: SessionKey;
  number: bigint;
}

/** What a driver says of a write that it may send twice. */
interface RetryableCommand {
  readonly lsid: string | null;
  readonly txnNumber: bigint | null;
  readonly inTransaction: boolean;
}

/** @returns null for a write that the driver would not send twice, and inside a transaction. */
export function writeIdentity({ lsid, txnNumber, inTransaction }: RetryableCommand): WriteIdentity | null {
  if (inTransaction || lsid === null || txnNumber === null) return null;
  return { session: sessionKey(lsid), number: txnNumber };
}
