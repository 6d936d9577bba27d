import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { unauthenticated } from '#caas/kernel';
import { ServerKeyStore, type ServerKeyRecord } from '../ports';
import type { CredentialAttempt } from '../failed-auth-events';

const KEY_ID_CHARACTERS = 12;
const SERVER_KEY = /^sk_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;
const NOBODYS_HASH = createHash('sha256').update(randomBytes(32)).digest();

/** A new server key. The secret is shown once; the store keeps its hash. */
export function newServerKey(): { id: string; key: string; hash: Buffer } {
  const id = randomBytes(KEY_ID_CHARACTERS / 2).toString('hex');
  const secret = randomBytes(32).toString('base64url');
  return { id, key: `sk_${id}_${secret}`, hash: hashOf(secret) };
}

/** The public part of a server key; null for text that is no server key. */
export const keyIdOf = (key: string): string | null => SERVER_KEY.exec(key)?.[1] ?? null;

/** SHA-256 instead of a slow hash: the secret is 256 random bits, so a dictionary attack does not help. */
const hashOf = (secret: string) => createHash('sha256').update(secret).digest();

@Injectable()
export class ServerKeys {
  constructor(private readonly store: ServerKeyStore) {}

  /**
   * An unknown id takes the same steps as a wrong secret.
   * @param attempt receives the id of the key
   * @throws CaasError 401 `key_invalid`
   */
  async verify(key: string, attempt: CredentialAttempt): Promise<ServerKeyRecord> {
    const [, id, secret] = SERVER_KEY.exec(key) ?? [];
    if (id === undefined || secret === undefined) throw invalidKey();
    attempt.keyId = id;
    const record = await this.store.find(id);
    const matches = timingSafeEqual(hashOf(secret), record?.hash ?? NOBODYS_HASH);
    if (!record) throw invalidKey();
    attempt.tenantId = record.tenantId;
    if (matches) return record;
    attempt.reason = 'wrong_secret';
    throw invalidKey();
  }
}

const invalidKey = () => unauthenticated('key_invalid', 'The server key is not valid.');
