import { createHash } from 'node:crypto';

/*
 * The Merkle tree of RFC 6962 §2.1. Only complete subtrees are stored, by level and position, because they never change. The rest of
 * any past or current tree is computed from them, so a proof needs a number of reads logarithmic in the size.
 */

/** Entries from `start` up to but not including `end`. */
export interface Range {
  start: number;
  end: number;
}

/** A complete subtree: 2^level entries, beginning with entry `position` · 2^level. */
export interface Node {
  level: number;
  position: number;
}

export type HashOf = (node: Node) => Buffer;

const sha256 = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const LEAF = Buffer.from([0]);
const INNER = Buffer.from([1]);
export const EMPTY_ROOT = sha256();

export const leafHash = (data: Uint8Array): Buffer => sha256(LEAF, data);
export const innerHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(INNER, left, right);
export const chainHash = (before: Uint8Array, leaf: Uint8Array): Buffer => sha256(before, leaf);

/** The entry that completes a subtree, and therefore stores its hash. */
export const entryOf = ({ level, position }: Node): number => (position + 1) * 2 ** level - 1;

/**
 * Adds an entry: returns the subtrees that it completes, its leaf first, and the peaks of the new tree.
 * @param peaks those of the tree of `size` entries, the largest first
 */
export function grown(size: number, peaks: readonly Buffer[], leaf: Buffer): { nodes: Buffer[]; peaks: Buffer[] } {
  const nodes = [leaf];
  const left = [...peaks];
  for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) nodes.push(innerHash(left.pop()!, nodes.at(-1)!));
  return { nodes, peaks: [...left, nodes.at(-1)!] };
}

/** @param peaks the largest first */
export function rootOf(peaks: readonly Buffer[]): Buffer {
  return (
    peaks.reduceRight<Buffer | null>((root, peak) => (root === null ? peak : innerHash(peak, root)), null) ?? EMPTY_ROOT
  );
}

/** The complete subtrees that make up a range, the largest first. The range must begin where a subtree of its size may begin. */
export function nodesOf({ start, end }: Range): Node[] {
  const nodes: Node[] = [];
  for (let at = start; at < end;) {
    let level = 0;
    while (2 ** (level + 1) <= end - at) level += 1;
    nodes.push({ level, position: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

export const hashOfRange = (range: Range, hashOf: HashOf): Buffer => rootOf(nodesOf(range).map(hashOf));

/** The ranges whose hashes prove that an entry is in a tree of `size` (RFC 6962 §2.1.1), nearest first. */
export function inclusionRanges(index: number, size: number): Range[] {
  const path: Range[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + halfOf(end - start);
    if (index < middle) {
      path.push({ start: middle, end });
      end = middle;
    } else {
      path.push({ start, end: middle });
      start = middle;
    }
  }
  return path.reverse();
}

/** The ranges whose hashes prove that a tree of `first` ≥ 1 entries is a prefix of one of `second` entries (RFC 6962 §2.1.2). */
export function consistencyRanges(first: number, second: number): Range[] {
  const path: Range[] = [];
  let [start, end] = [0, second];
  while (end !== first) {
    const middle = start + halfOf(end - start);
    if (first <= middle) {
      path.push({ start: middle, end });
      end = middle;
    } else {
      path.push({ start, end: middle });
      start = middle;
    }
  }
  // The verifier already has the hash of the whole first tree.
  if (start > 0) path.push({ start, end });
  return path.reverse();
}

/** The largest power of two below `size`. */
function halfOf(size: number): number {
  let half = 1;
  while (half * 2 < size) half *= 2;
  return half;
}
