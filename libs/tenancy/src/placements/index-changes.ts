import type { TenantIndex } from '../catalog/tenant-collection';

/** An index as `listIndexes` returns it. */
export type ExistingIndex = Record<string, unknown>;

/**
 * The changes that turn a collection's existing indexes into the declared ones.
 * @returns names of indexes: a changed index is in both lists
 */
export function indexChanges(
  existing: readonly ExistingIndex[],
  declared: readonly TenantIndex[],
): { created: string[]; dropped: string[] } {
  const have = new Map(existing.map((index) => [String(index.name), index]));
  const want = new Map(declared.map((index) => [indexName(index), index]));
  const changed = (name: string) => want.has(name) && differs(have.get(name)!, want.get(name)!);
  const dropped = [...have.keys()].filter((name) => name !== '_id_' && (!want.has(name) || changed(name)));
  const created = [...want.keys()].filter((name) => !have.has(name) || dropped.includes(name));
  return { created, dropped };
}

/** The name is made of the keys, so that a declaration always finds its own index again. */
export function indexName({ key }: TenantIndex): string {
  return Object.entries(key)
    .map(([field, order]) => `${field}_${order}`)
    .join('_');
}

export function specificationOf(index: TenantIndex) {
  return {
    key: index.key,
    name: indexName(index),
    ...(index.unique ? { unique: true } : {}),
    ...(index.partial ? { partialFilterExpression: index.partial } : {}),
    ...(index.expireAfterSeconds === undefined ? {} : { expireAfterSeconds: index.expireAfterSeconds }),
  };
}

function differs(have: ExistingIndex, want: TenantIndex): boolean {
  const wanted = specificationOf(want) as ExistingIndex;
  return ['unique', 'partialFilterExpression', 'expireAfterSeconds'].some(
    (option) => JSON.stringify(have[option] ?? null) !== JSON.stringify(wanted[option] ?? null),
  );
}
