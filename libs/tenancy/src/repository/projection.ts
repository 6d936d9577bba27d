import type { FindOptions } from '#caas/kernel';

/** The projection of the fields to read; null for all. */
export const projection = <D>({ fields }: FindOptions<D>): Record<string, 1> | null =>
  fields ? Object.fromEntries(fields.map((field) => [field, 1 as const])) : null;
