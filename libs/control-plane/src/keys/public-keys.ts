import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { CaasError, invalid } from '#caas/kernel';
import { algorithmNamed, type TokenAlgorithm } from '#caas/access';

const MIN_RSA_BITS = 2048;
/**
 * The time to verify a signature grows with the square of the bits and with the exponent. A tenant chooses both, and all other requests
 * wait.
 */
const MAX_RSA_BITS = 8192;
const MAX_RSA_EXPONENT = 2n ** 32n;

export type PublishedKey = JsonWebKey & { kid?: unknown; use?: unknown; alg?: unknown };

export interface PublicKey {
  key: KeyObject;
  algorithm: TokenAlgorithm;
}

/**
 * A public key from PEM or JWK text, with the one algorithm it may verify.
 * @throws CaasError `invalid_public_key` (400)
 */
export function readPublicKey(text: string): PublicKey {
  try {
    if (text.trimStart().startsWith('{')) return fromJwk(JSON.parse(text) as PublishedKey);
    const key = createPublicKey(text);
    if (text.includes('PRIVATE KEY')) throw refused('is a private key: send the public one, and replace this pair');
    return { key, algorithm: algorithmOf(key) };
  } catch (error) {
    throw error instanceof CaasError ? error : refused('is neither a PEM public key nor a JWK');
  }
}

/**
 * @throws CaasError `invalid_public_key` (400) for a key that is not for the algorithm that it names
 * @throws Error for what is no key
 */
export function fromJwk(jwk: PublishedKey): PublicKey {
  if (jwk.d !== undefined || jwk.k !== undefined)
    throw refused('holds a private part: send the public one, and replace this pair');
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  const algorithm = algorithmOf(key);
  if (jwk.alg === undefined || algorithmNamed(jwk.alg) === algorithm) return { key, algorithm };
  throw refused(`names another algorithm than it is for, which is ${algorithm}`);
}

/** @throws CaasError `invalid_public_key` (400) for a kind of key that tokens are not signed with here */
function algorithmOf(key: KeyObject): TokenAlgorithm {
  const { modulusLength = 0, publicExponent = 0n, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  if (key.asymmetricKeyType === 'ec' && namedCurve === 'prime256v1') return 'ES256';
  const isRsa = key.asymmetricKeyType === 'rsa' && publicExponent <= MAX_RSA_EXPONENT;
  if (isRsa && modulusLength >= MIN_RSA_BITS && modulusLength <= MAX_RSA_BITS) return 'RS256';
  throw refused(`must be RSA of ${MIN_RSA_BITS} to ${MAX_RSA_BITS} bits with a small exponent, EC P-256, or Ed25519`);
}

const refused = (message: string) =>
  invalid('invalid_public_key', `The public key ${message}.`, [{ field: 'public_key', message }]);
