import { MongoError } from '../errors/mongo-error';

/** A client's session as the gateway's own tables know it. */
export interface SessionKey {
  /** The raw `lsid` document. */
  id: Buffer;
  /** What attempts of the same session wait on for each other: half of its random UUID. */
  lock: bigint;
}

/** Where the session's random UUID lies inside the raw `lsid`: after its length, and the type, name, length and subtype of `id`. */
const UUID_AT = 4 + 1 + 3 + 4 + 1;
const UUID_BYTES = 16;

/** @throws MongoError InvalidOptions for a session id that is no UUID */
export function sessionKey(lsid: string): SessionKey {
  const id = Buffer.from(lsid, 'latin1');
  if (id.length < UUID_AT + UUID_BYTES) throw MongoError.of('InvalidOptions', 'lsid.id must be a UUID');
  return { id, lock: id.readBigInt64LE(UUID_AT) };
}
