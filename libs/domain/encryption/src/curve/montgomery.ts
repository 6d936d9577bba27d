import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';

/** The field of curve25519, whose Edwards form is ed25519's curve. */
const { Fp } = ed25519.Point;
const A = 486_662n;
const EULER = (Fp.ORDER - 1n) / 2n;

/** The u of every point whose order divides 8, on the curve and on its twist: an agreement with any of them is known to all. */
const LOW_ORDER: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  Fp.ORDER - 1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
]);

/**
 * What is wrong with the 32 bytes of a public key of curve25519 (RFC 7748), in words that follow its name; null when nothing is.
 * Every key that a client makes passes; of numbers that are none, a private key for one, half do not.
 */
export function pointProblem(bytes: Uint8Array): string | null {
  const u = bytesToNumberLE(bytes);
  if (u >= Fp.ORDER) return 'is not in canonical form';
  if (LOW_ORDER.has(u)) return 'is a point of low order';
  // v² = u³ + Au² + u
  const square = Fp.mul(u, Fp.add(Fp.add(Fp.sqr(u), Fp.mul(A, u)), Fp.ONE));
  return Fp.eql(Fp.pow(square, EULER), Fp.ONE) ? null : 'is no point of the curve';
}

/** As `pointProblem`, and keys outside the prime-order group, where no client's key lies, are found too: for a key or two. */
export function strictPointProblem(bytes: Uint8Array): string | null {
  const problem = pointProblem(bytes);
  if (problem !== null) return problem;
  const point = ed25519.Point.fromBytes(edwardsKeyOf(bytes, 0));
  return point.isTorsionFree() ? null : 'is not in the prime-order group of the curve';
}

/**
 * The Ed25519 public key that belongs to a point that has no problem (XEdDSA §2.3): y = (u − 1) / (u + 1), and the sign of x, which u does
 * not tell, as it is given.
 */
export function edwardsKeyOf(bytes: Uint8Array, sign: 0 | 1): Uint8Array {
  const u = bytesToNumberLE(bytes);
  const y = Fp.toBytes(Fp.mul(Fp.sub(u, Fp.ONE), Fp.inv(Fp.add(u, Fp.ONE))));
  y[31]! |= sign << 7;
  return y;
}
