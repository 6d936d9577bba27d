import type { ObjectId } from 'bson';
import type { RequestContext, TenantId } from '#caas/kernel';
import type { RequestContexts } from './request-contexts';
import type { TenantDirectory } from './tenant-directory';

const LONGEST_MS = 10_000;

export interface RotationOptions {
  /** The job that goes round. */
  job: string;
  /** Visited each time at most. */
  tenants: number;
  /** A portion at most so often; the job may run more often for other reasons. By default each time. */
  everyMs?: number;
}

/**
 * Goes round all tenants, a portion at a time: for work behind hints, which may have been lost. What one process has visited
 * another may visit again.
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
   * All of a portion have their turn, whatever becomes of one, for ten seconds.
   * @param visit is given where the last visit of the same tenant ended, null at first; answers where this one ended, null when there
   *   is no more. A tenant of whom there is more is the first of the next portion
   * @throws Error the first of what went wrong
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
