import fc from 'fast-check';
import {
  consistencyRanges,
  EMPTY_ROOT,
  entryOf,
  grown,
  hashOfRange,
  inclusionRanges,
  innerHash,
  leafHash,
  rootOf,
  type HashOf,
} from './merkle';

/** RFC 6962 §2.1 as it is written. */
function treeHash(leaves: Buffer[]): Buffer {
  if (leaves.length === 0) return EMPTY_ROOT;
  if (leaves.length === 1) return leaves[0]!;
  let half = 1;
  while (half * 2 < leaves.length) half *= 2;
  return innerHash(treeHash(leaves.slice(0, half)), treeHash(leaves.slice(half)));
}

/** A log as it is stored: nodes with the entries that complete them. */
function logOf(size: number): { leaves: Buffer[]; root: Buffer; hashOf: HashOf } {
  const leaves = Array.from({ length: size }, (_, at) => leafHash(Buffer.from(`entry ${at}`)));
  const entries: Buffer[][] = [];
  let peaks: Buffer[] = [];
  for (const leaf of leaves) {
    const next = grown(entries.length, peaks, leaf);
    entries.push(next.nodes);
    peaks = next.peaks;
  }
  return { leaves, root: rootOf(peaks), hashOf: (node) => entries[entryOf(node)]![node.level]! };
}

describe('the Merkle tree', () => {
  it('has the root of RFC 6962 at every size', () => {
    for (let size = 0; size <= 70; size += 1) {
      const { leaves, root } = logOf(size);
      expect(root).toEqual(treeHash(leaves));
    }
    expect(EMPTY_ROOT.toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('proves an entry by the hashes of what lies beside its way to the root, at most the logarithm of the size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), (size, some) => {
        const index = some % size;
        const { leaves, root, hashOf } = logOf(size);
        let [start, end, hash] = [index, index + 1, leaves[index]!];
        const path = inclusionRanges(index, size);
        expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(size)));
        for (const range of path) {
          const beside = hashOfRange(range, hashOf);
          expect(beside).toEqual(treeHash(leaves.slice(range.start, range.end)));
          hash = range.end === start ? innerHash(beside, hash) : innerHash(hash, beside);
          [start, end] = [Math.min(start, range.start), Math.max(end, range.end)];
        }
        expect([start, end, hash]).toEqual([0, size, root]);
      }),
    );
  });

  it('proves growth by hashes that make up both trees', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), (second, some) => {
        const first = 1 + (some % second);
        const ranges = consistencyRanges(first, second).sort((a, b) => a.start - b.start);
        // Disjoint and adjoining; with the first tree's hash, where it is given, they cover the whole.
        const begins = ranges[0]?.start === 0 ? 0 : first;
        let at = begins;
        for (const { start, end } of ranges) {
          expect(start).toBe(at);
          at = end;
        }
        expect(at).toBe(second);
        expect(begins === first || ranges.some(({ end }) => end === first)).toBe(true);
      }),
    );
  });
});
