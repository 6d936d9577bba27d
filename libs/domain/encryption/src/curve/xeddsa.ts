import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { edwardsKeyOf } from './montgomery';

const verifyAside = promisify<null, Uint8Array, KeyObject, Uint8Array, boolean>(verify);

export const SIGNATURE_BYTES = 64;

/**
 * Checks XEdDSA signatures of one identity key (signal.org/docs/specifications/xeddsa). The key is turned into its Edwards form here;
 * the equation that is then Ed25519's is left to OpenSSL, which does a hundred of them aside while this process serves others.
 */
export class XEdDsaVerifier {
  private readonly keys: (KeyObject | undefined)[] = [];

  /** @param publicKey the 32 bytes of a point without a problem: see `pointProblem` */
  constructor(private readonly publicKey: Uint8Array) {}

  /** False for anything but a signature of this key under exactly this message. */
  async verify(message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (signature.length !== SIGNATURE_BYTES) return false;
    // The specification has signers choose their key so that the sign is 0; clients of Signal put it into the free highest bit.
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
