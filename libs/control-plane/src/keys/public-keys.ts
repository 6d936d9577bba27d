import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { CaasError, invalid } from '#caas/kernel';
import type { TokenAlgorithm } from '#caas/access';

const MIN_RSA_BITS = 2048;

/**
 * A public key from PEM or JWK text, with the one algorithm it may verify.
 * @throws CaasError `invalid_public_key` (400)
 */
export function readPublicKey(text: string): { key: KeyObject; algorithm: TokenAlgorithm } {
  let key: KeyObject;
  try {
    key = text.trimStart().startsWith('{') ? fromJwk(JSON.parse(text) as JsonWebKey) : createPublicKey(text);
  } catch (error) {
    throw error instanceof CaasError ? error : refused('is neither a PEM public key nor a JWK');
  }
  if (text.includes('PRIVATE KEY')) throw refused('is a private key: send the public one, and replace this pair');
  return { key, algorithm: algorithmOf(key) };
}

export function fromJwk(jwk: JsonWebKey): KeyObject {
  if (jwk.d !== undefined || jwk.k !== undefined)
    throw refused('holds a private part: send the public one, and replace this pair');
  return createPublicKey({ key: jwk, format: 'jwk' });
}

/** @throws CaasError `invalid_public_key` (400) for a kind of key that tokens are not signed with here */
export function algorithmOf(key: KeyObject): TokenAlgorithm {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  if (key.asymmetricKeyType === 'rsa' && (modulusLength ?? 0) >= MIN_RSA_BITS) return 'RS256';
  throw refused(`must be RSA of at least ${MIN_RSA_BITS} bits, EC P-256, or Ed25519`);
}

const refused = (message: string) =>
  invalid('invalid_public_key', `The public key ${message}.`, [{ field: 'public_key', message }]);
