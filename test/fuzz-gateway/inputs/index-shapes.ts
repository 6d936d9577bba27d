import { path } from './odd-values';
import { boolean, mostly, named, number, odd, one, record, text, type Part } from './parts';
import { collation, projection, query } from './queries';
import { Fields } from './raw-bson';

export const keys: Part = mostly((making) => {
  const { random } = making;
  const kind = () =>
    random.pick(
      random.chance(0.75) ? [1, -1] : ['2dsphere', '2d', 'text', 'hashed', 'cosmosSearch', 'vector', 'x', 0, '', null],
    );
  return new Fields(
    random.many(
      0.0,
      3,
      () => [random.chance(0.1) ? random.pick(['$**', 'a.$**', 'sub.$**']) : path(random), kind()] as const,
    ),
  );
});
export const indexName: Part = mostly(({ random }) => `i${random.below(12)}`);
export const index = record(
  {
    'key!': keys,
    'name!': indexName,
    unique: boolean,
    sparse: boolean,
    partialFilterExpression: query,
    expireAfterSeconds: number,
    collation,
    hidden: boolean,
    background: boolean,
    wildcardProjection: projection,
    weights: named(number),
    default_language: text,
    language_override: text,
    textIndexVersion: number,
    '2dsphereIndexVersion': number,
    bits: number,
    min: number,
    max: number,
    prepareUnique: boolean,
    v: number,
    cosmosSearchOptions: record({
      kind: one('vector-ivf', 'vector-hnsw', 'vector-diskann', 'x'),
      numLists: number,
      similarity: one('COS', 'L2', 'IP', 'x'),
      dimensions: number,
      m: number,
      efConstruction: number,
    }),
    storageEngine: odd,
  },
  0.88,
);
