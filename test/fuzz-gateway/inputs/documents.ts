import { oddFields, oddValue } from './odd-values';
import type { Random } from './random';
import { Fields } from './raw-bson';

/** A document to store: mostly as those there are, now and then of another kind or of another size. */
export function document(random: Random): Fields {
  if (random.odd(0.15)) return oddFields(random);
  const size = random.chance(0.0005) ? 15_900_000 : random.chance(0.01) ? 100_000 * random.next() : 3;
  return new Fields([
    ...(random.chance(0.7) ? [['_id', random.odd(0.1) ? oddValue(random) : random.below(400)] as const] : []),
    ['a', random.odd(0.1) ? oddValue(random) : random.below(20)],
    ['s', 'x'.repeat(size)],
    ['tags', random.many(0, 4, () => random.pick(['red', 'blue', 3, null]))],
    ['items', random.many(0, 3, () => ({ q: random.below(5), w: random.odd(0.1) ? oddValue(random) : 'w' }))],
    ['sub', { x: random.below(9), y: { z: random.odd(0.1) ? oddValue(random) : 1 } }],
    ['d', new Date(1.7e12 + random.below(1e9))],
    [
      'loc',
      random.chance(0.9)
        ? { type: 'Point', coordinates: [random.below(360) - 180, random.below(180) - 90] }
        : oddValue(random),
    ],
  ]);
}
