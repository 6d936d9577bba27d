import { IdentityKeyPair, KEMKeyPair, PrivateKey } from '@signalapp/libsignal-client';
import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js';
import fc from 'fast-check';
import { edwardsKeyOf, pointProblem, strictPointProblem } from './montgomery';
import { pointOf, readWire } from './wire-keys';
import { XEdDsaVerifier } from './xeddsa';

const { Fp } = ed25519.Point;
const ORDER = ed25519.Point.Fn.ORDER;
const number = (u: bigint) => numberToBytesLE(u, 32);
const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe('XEdDsaVerifier', () => {
  const signer = IdentityKeyPair.generate();
  const verifier = new XEdDsaVerifier(pointOf(signer.publicKey.serialize()));
  const message = Uint8Array.from(Buffer.from('message'));

  it("accepts what Signal's clients sign, and so does Ed25519 by another hand", async () => {
    const signs = new Set<number>();
    // Of half the keys the sign is 1.
    for (let round = 0; round < 24; round += 1) {
      const key = PrivateKey.generate();
      const point = pointOf(key.getPublicKey().serialize());
      const signature = key.sign(message);
      expect(await new XEdDsaVerifier(point).verify(message, signature)).toBe(true);
      const sign = (signature[63]! >> 7) as 0 | 1;
      signs.add(sign);
      const plain = Uint8Array.from(signature);
      plain[63]! &= 0x7f;
      expect(ed25519.verify(plain, message, edwardsKeyOf(point, sign), { zip215: false })).toBe(true);
    }
    expect(signs).toEqual(new Set([0, 1]));
  });

  it('accepts none with any one bit changed, of signature, message or key', async () => {
    const signature = signer.privateKey.sign(message);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 511 }), async (bit) => {
        expect(await verifier.verify(message, flipped(signature, bit))).toBe(false);
      }),
    );
    for (let bit = 0; bit < message.length * 8; bit += 1) {
      expect(await verifier.verify(flipped(message, bit), signature)).toBe(false);
    }
    const other = new XEdDsaVerifier(pointOf(PrivateKey.generate().getPublicKey().serialize()));
    expect(await other.verify(message, signature)).toBe(false);
  });

  it('accepts a signature in one form only', async () => {
    const signature = signer.privateKey.sign(message);
    const sign = signature[63]! & 0x80;
    const s = Uint8Array.from(signature.subarray(32));
    s[31]! &= 0x7f;
    const again = numberToBytesLE(bytesToNumberLE(s) + ORDER, 32);
    again[31]! |= sign;
    expect(await verifier.verify(message, Buffer.concat([signature.subarray(0, 32), again]))).toBe(false);
    for (const length of [0, 63, 65]) expect(await verifier.verify(message, new Uint8Array(length))).toBe(false);
    expect(await verifier.verify(message, new Uint8Array(64))).toBe(false);
  });
});

describe('pointProblem', () => {
  it('has nothing against any key that a client makes', () => {
    for (let round = 0; round < 50; round += 1) {
      expect(strictPointProblem(x25519.keygen().publicKey)).toBeNull();
      expect(pointProblem(pointOf(PrivateKey.generate().getPublicKey().serialize()))).toBeNull();
    }
  });

  it('refuses each point of low order, and its other spellings', () => {
    const p = Fp.ORDER;
    const orderEight = [
      325606250916557431795983626356110631294008115727848805560023387167927233504n,
      39382357235489614581723060781553021112529911719440698176882885853963445705823n,
    ];
    for (const u of orderEight) expect(ed25519.Point.fromBytes(edwardsKeyOf(number(u), 0)).isSmallOrder()).toBe(true);
    for (const u of [0n, 1n, p - 1n, ...orderEight]) expect(pointProblem(number(u))).toBe('is a point of low order');
    for (const u of [p, p + 1n, (1n << 255n) + 9n]) expect(pointProblem(number(u))).toBe('is not in canonical form');
  });

  it('tells half of all numbers, and of private keys, from keys, and nearly all when it looks closely', () => {
    const keys = Array.from({ length: 64 }, () => PrivateKey.generate().serialize());
    expect(keys.filter((key) => pointProblem(key) === null).length).toBeLessThan(56);
    expect(keys.filter((key) => strictPointProblem(key) === null).length).toBeLessThan(24);
  });
});

describe('readWire', () => {
  const key = PrivateKey.generate();
  const publicKey = key.getPublicKey().serialize();

  it('reads keys and signatures as Signal writes them', () => {
    expect(readWire('identity', b64(publicKey))).toEqual(Buffer.from(publicKey));
    expect(readWire('one_time', b64(publicKey))).toHaveLength(33);
    expect(readWire('kyber', b64(KEMKeyPair.generate().getPublicKey().serialize()))).toHaveLength(1569);
    expect(readWire('signature', b64(key.sign(publicKey)))).toHaveLength(64);
  });

  const standard = b64(Buffer.alloc(64, 0xfb));
  it.each([
    ['base64url', standard.replaceAll('+', '-').replaceAll('/', '_')],
    ['base64 without padding', standard.replace(/=+$/, '')],
    ['a line break', `${standard}\n`],
    ['bits that are ignored', standard.replace(/.==$/, '/==')],
  ])('refuses %s', (_name, text) => {
    expect(readWire('signature', standard)).toHaveLength(64);
    expect(() => readWire('signature', text)).toThrow('standard base64');
  });

  it('refuses what is no key of the kind', () => {
    const kyber = b64(KEMKeyPair.generate().getPublicKey().serialize());
    for (const text of ['', kyber]) expect(() => readWire('identity', text)).toThrow('33 bytes');
    for (const text of ['', b64(publicKey)]) expect(() => readWire('kyber', text)).toThrow('1569 bytes');
  });

  it('knows a private key by its size', () => {
    for (const [kind, bytes] of [
      ['identity', key.serialize()],
      ['one_time', key.serialize()],
      ['kyber', KEMKeyPair.generate().getSecretKey().serialize()],
    ] as const) {
      expect(() => readWire(kind, b64(bytes))).toThrow(expect.objectContaining({ looksPrivate: true }));
    }
  });
});

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[bit >> 3]! ^= 1 << (bit & 7);
  return copy;
}
