import { DATABASE, type Bench } from './bench';

export interface Stored {
  /** Bytes of the documents as the engine keeps them, and of their indexes. */
  documents: number;
  indexes: number;
}

/** What the engine says a collection takes. */
export async function storedBytes({ database }: Bench, ...collections: string[]): Promise<Stored> {
  const sum: Stored = { documents: 0, indexes: 0 };
  for (const collStats of collections) {
    const stats = await database.db(DATABASE).command({ collStats });
    sum.documents += Number(stats.storageSize);
    sum.indexes += Number(stats.totalIndexSize);
  }
  return sum;
}
