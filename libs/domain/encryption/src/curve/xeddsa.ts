import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { edwardsKeyOf } from './montgomery';

const verifyAside = promisify<null, Uint8Array, KeyObject, Uint8Array, boolean>(verify);

export const SIGNATURE_BYTES = 64;

/**
 * Verifies XEdDSA signatures of one identity key (signal.org/docs/specifications/xeddsa). Converts the key to its Edwards form; OpenSSL
 * then verifies the equation as Ed25519, off the main thread.
 */
export class XEdDsaVerifier {
  private readonly keys: (KeyObject | undefined)[] = [];

  /** @param publicKey 32 bytes that pass `pointProblem` */
  constructor(private readonly publicKey: Uint8Array) {}

  /** True only for a signature by this key of exactly this message. */
  async verify(message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (signature.length !== SIGNATURE_BYTES) return false;
    // The specification requires signers to choose the key with sign 0; Signal's clients store the sign in the unused highest bit.
    const sign = (signature[SIGNATURE_BYTES - 1]! >> 7) as 0 | 1;
    const ed25519 = Uint8Array.from(signature);
    ed25519[SIGNATURE_BYTES - 1]! &= 0x7f;
    return verifyAside(null, message, this.edwardsKey(sign), ed25519);
  }

  private edwardsKey(sign: 0 | 1): KeyObject {
    return (this.keys[sign] ??= createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(edwardsKeyOf(this.publicKey, sign)).toString('base64url') },
      format: 'jwk',
    }));
  }
}
