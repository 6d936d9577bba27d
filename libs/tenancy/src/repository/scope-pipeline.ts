import type { Stage, TenantId } from '#caas/kernel';
import { TenantViolation } from '../guard/tenant-guard.error';

type Fields = Record<string, unknown>;

export interface PipelineScope {
  tenantId: TenantId;
  /**
   * The first stage of every pipeline, at every depth: it selects the tenant and, unless requested otherwise, excludes
   * soft-deleted documents.
   */
  match: Fields;
  /** Maps a collection's logical name to its name in this tenant's placement. */
  physicalName(logicalName: string): string;
}

/** Stages that read another collection, or branch; each is rewritten so that its inner pipelines are limited to the tenant as well. */
const REWRITES: Record<string, (operand: Fields, scope: PipelineScope) => unknown> = {
  $lookup: (operand, scope) => ({
    ...operand,
    from: scope.physicalName(String(operand.from)),
    pipeline: scopePipeline((operand.pipeline as Stage[] | undefined) ?? [], scope),
  }),
  $unionWith: (operand, scope) => ({
    coll: scope.physicalName(String(typeof operand === 'string' ? operand : operand.coll)),
    pipeline: scopePipeline((operand.pipeline as Stage[] | undefined) ?? [], scope),
  }),
  $graphLookup: (operand, scope) => ({
    ...operand,
    from: scope.physicalName(String(operand.from)),
    restrictSearchWithMatch: { ...(operand.restrictSearchWithMatch as Fields | undefined), ...scope.match },
  }),
  $facet: (operand, scope) =>
    Object.fromEntries(
      Object.entries(operand).map(([name, branch]) => [name, scopePipeline(branch as Stage[], scope)]),
    ),
};

const REFUSED_STAGES = new Set([
  '$out',
  '$merge',
  '$changeStream',
  '$currentOp',
  '$collStats',
  '$indexStats',
  '$documents',
]);

/**
 * Rewrites a pipeline for one tenant: it begins with the tenant's `$match`, each collection name is replaced by the tenant's own,
 * and each inner pipeline begins with the tenant too.
 * @throws TenantViolation for a stage that writes or leaves the tenant
 */
export function scopePipeline(pipeline: Stage[], scope: PipelineScope): Stage[] {
  const [first, ...rest] = pipeline;
  const merges = first !== undefined && '$match' in first;
  const lead: Stage = { $match: { ...(merges ? (first.$match as Fields) : {}), ...scope.match } };
  return [lead, ...(merges ? rest : pipeline).map((stage) => scopeStage(stage, scope))];
}

function scopeStage(stage: Stage, scope: PipelineScope): Stage {
  return Object.fromEntries(
    Object.entries(stage).map(([name, operand]) => {
      if (REFUSED_STAGES.has(name)) throw new TenantViolation('repository', `the stage ${name}`);
      const rewrite = Object.hasOwn(REWRITES, name) ? REWRITES[name] : undefined;
      return [name, rewrite ? rewrite(operand as Fields, scope) : operand];
    }),
  );
}
