import type { TenantId } from '#caas/kernel';
import type { Document } from 'mongodb';

/** Stages that only process documents already in the pipeline. Any other stage needs a rule here, or is refused. */
const INNER_STAGES = new Set([
  '$addFields',
  '$bucket',
  '$bucketAuto',
  '$count',
  '$densify',
  '$fill',
  '$group',
  '$limit',
  '$match',
  '$project',
  '$redact',
  '$replaceRoot',
  '$replaceWith',
  '$sample',
  '$set',
  '$setWindowFields',
  '$skip',
  '$sort',
  '$sortByCount',
  '$unset',
  '$unwind',
]);

export type OwnsCollection = (collection: unknown) => boolean;

/**
 * Why the pipeline might read data of other tenants, or null when it cannot. Every pipeline, at any depth, must start with the
 * tenant.
 */
export function pipelineFault(tenantId: TenantId, pipeline: unknown, owns: OwnsCollection): string | null {
  if (!Array.isArray(pipeline)) return 'a pipeline that is not a list';
  if (!isScoped(tenantId, (pipeline[0] as Document | undefined)?.$match))
    return 'a pipeline that does not start with the tenant';
  for (const stage of pipeline as Document[]) {
    for (const name of Object.keys(stage)) {
      const fault = stageFault(tenantId, name, stage[name], owns);
      if (fault) return fault;
    }
  }
  return null;
}

/** True when the filter contains `tenant_id: <tenant>` at its top level, as a literal. */
export function isScoped(tenantId: TenantId, filter: unknown): boolean {
  if (filter === null || typeof filter !== 'object') return false;
  return Object.hasOwn(filter, 'tenant_id') && (filter as Document).tenant_id === tenantId && !('$where' in filter);
}

function stageFault(tenantId: TenantId, name: string, operand: Document, owns: OwnsCollection): string | null {
  if (INNER_STAGES.has(name)) return null;
  switch (name) {
    case '$facet':
      return (
        Object.values(operand)
          .map((branch) => pipelineFault(tenantId, branch, owns))
          .find((fault) => fault !== null) ?? null
      );
    case '$lookup':
      return owns(operand.from) ? pipelineFault(tenantId, operand.pipeline, owns) : '$lookup into a foreign collection';
    case '$unionWith':
      return owns(operand.coll) ? pipelineFault(tenantId, operand.pipeline, owns) : '$unionWith a foreign collection';
    case '$graphLookup':
      if (!owns(operand.from)) return '$graphLookup into a foreign collection';
      return isScoped(tenantId, operand.restrictSearchWithMatch) ? null : '$graphLookup without the tenant';
    default:
      return `the stage ${name}`;
  }
}
