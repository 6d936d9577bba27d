import type { ObjectId } from 'bson';
import type { RequestContext, TenantId } from '#caas/kernel';
import type { RequestContexts } from './request-contexts';
import type { TenantDirectory } from './tenant-directory';

const LONGEST_MS = 10_000;

export interface RotationOptions {
  /** The name of the job that uses the rotation. */
  job: string;
  /** The maximum number of tenants per run. */
  tenants: number;
  /** The minimum time between two portions; the job may run more often for other reasons. By default every run visits a portion. */
  everyMs?: number;
}

/**
 * Visits all tenants in rotation, a portion at a time: for work that otherwise depends on hints, which may be lost. Several
 * processes may visit the same tenant.
 */
export class TenantRotation {
  private after: TenantId | null = null;
  private within: ObjectId | null = null;
  private dueAtMs = -Infinity;

  constructor(
    private readonly contexts: RequestContexts,
    private readonly directory: TenantDirectory,
    private readonly options: RotationOptions,
  ) {}

  /**
   * Visits the next portion, for up to ten seconds. If one tenant's visit fails, the others are still visited.
   * @param visit receives the place where the previous visit of the same tenant ended, null at first. It returns the place where
   *   this visit ended, or null when the tenant is finished. An unfinished tenant is the first of the next portion
   * @throws Error the first failure
   */
  async next(visit: (ctx: RequestContext, after: ObjectId | null) => Promise<ObjectId | null>): Promise<void> {
    const startedAtMs = performance.now();
    if (startedAtMs < this.dueAtMs) return;
    this.dueAtMs = startedAtMs + (this.options.everyMs ?? 0);
    const { job } = this.options;
    const failures: unknown[] = [];
    const tenants = await this.directory.list(this.after, this.options.tenants);
    for (const tenant of tenants) {
      if (performance.now() - startedAtMs > LONGEST_MS) break;
      try {
        this.within = await visit(this.contexts.open(tenant, { kind: 'system', name: job }, job), this.within);
      } catch (error) {
        this.within = null;
        failures.push(error);
      }
      if (this.within !== null) break;
      this.after = tenant.id;
    }
    const isEnd = tenants.length < this.options.tenants && (tenants.length === 0 || this.after === tenants.at(-1)!.id);
    if (isEnd) this.after = null;
    if (failures.length > 0) throw failures[0];
  }
}
