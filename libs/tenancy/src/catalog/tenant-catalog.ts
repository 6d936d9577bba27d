import { Injectable } from '@nestjs/common';
import type { TenantCollectionDefinition } from './tenant-collection';

/* eslint-disable-next-line @typescript-eslint/no-explicit-any -- a catalogue holds collections of every document type */
type AnyCollection = TenantCollectionDefinition<any>;

/** All collections of tenant data in this process: a new tenant's placement gets them, and a removal removes them. */
@Injectable()
export class TenantCatalog {
  private readonly byName = new Map<string, AnyCollection>();

  add(collections: readonly AnyCollection[]): void {
    for (const collection of collections) {
      const known = this.byName.get(collection.name);
      if (known && known !== collection) throw new Error(`Two domains declare the collection ${collection.name}`);
      this.byName.set(collection.name, collection);
    }
  }

  all(): AnyCollection[] {
    return [...this.byName.values()];
  }
}
