import { ObjectId } from 'bson';
import type { Schema } from 'mongoose';
import type { NewDocument, TenantDocument, TenantId } from '#caas/kernel';
import { TenantViolation } from '../guard/tenant-guard.error';

type Fields = Record<string, unknown>;

/**
 * Completes new documents of one schema: id, tenant, times, version and the schema's defaults. It reads the schema once, because
 * hydrating a mongoose document for every insert costs more than the insert's own encoding.
 */
export class DocumentFactory<D extends TenantDocument> {
  private readonly defaults: [path: string, make: () => unknown][] = [];
  private readonly required: string[] = [];
  private readonly known = new Set<string>();

  constructor(schema: Schema) {
    schema.eachPath((path, type) => {
      this.known.add(path.split('.')[0]!);
      if (path.includes('.') || path === '_id' || path === '__v') return;
      const { default: fallback, required } = type.options as { default?: unknown; required?: unknown };
      if (fallback !== undefined) this.defaults.push([path, defaultMaker(fallback)]);
      if (required === true) this.required.push(path);
    });
  }

  /** @throws TenantViolation when the document names another tenant; Error when a required or unknown field is found */
  complete(tenantId: TenantId, input: NewDocument<D>, now: Date): D {
    const given = input as Fields;
    if (given.tenant_id !== undefined && given.tenant_id !== tenantId) {
      throw new TenantViolation('repository', 'a new document of another tenant');
    }
    for (const name of Object.keys(given)) {
      if (!this.known.has(name)) throw new Error(`"${name}" is not a field of this document`);
    }
    const document: Fields = {
      ...given,
      _id: given._id ?? new ObjectId(),
      tenant_id: tenantId,
      created_at: given.created_at ?? now,
      updated_at: given.created_at ?? now,
      deleted_at: null,
      __v: 0,
    };
    for (const [path, make] of this.defaults) if (document[path] === undefined) document[path] = make();
    for (const path of this.required) {
      if (document[path] === undefined || document[path] === null) throw new Error(`The document lacks "${path}"`);
    }
    return document as unknown as D;
  }
}

function defaultMaker(fallback: unknown): () => unknown {
  if (typeof fallback === 'function') return () => (fallback as () => unknown)();
  if (fallback !== null && typeof fallback === 'object') return () => structuredClone(fallback);
  return () => fallback;
}
