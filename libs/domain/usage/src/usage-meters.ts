import { Injectable } from '@nestjs/common';
import type { Quota, RequestContext } from '#caas/kernel';

/** Counts by period. */
export type Counts = ReadonlyMap<string, number>;

/** The usage of one quota: as maintained by counters, and as recounted from the data. Each library with a quota registers its meter. */
export interface UsageMeter {
  readonly quota: Quota;
  /** The maintained counts: by month, or in total. */
  kept(ctx: RequestContext): Promise<Counts>;
  /** The same counts, recounted from the data. */
  counted(ctx: RequestContext): Promise<Counts>;
  /**
   * Whether both can be read in one transaction. If there is too much data for one, `counted` runs between two reads of `kept`, and the
   * counts must never decrease.
   */
  readonly inTransaction: boolean;
  /** The maintained count of one period. For messages it is called regularly during sends, also inside their transactions. */
  total(ctx: RequestContext, period: string): Promise<number>;
  /**
   * Corrects the maintained count to include data from before counting began.
   * @returns false when others were writing at the same time, so that it must be tried again
   */
  correct?(ctx: RequestContext): Promise<boolean>;
}

/** All meters of this process, one for each quota on stored data. */
@Injectable()
export class UsageMeters {
  private readonly meters = new Map<Quota, UsageMeter>();

  /** @throws Error when the quota already has a meter */
  register(meter: UsageMeter): void {
    if (this.meters.has(meter.quota)) throw new Error(`Two meters count ${meter.quota}.`);
    this.meters.set(meter.quota, meter);
  }

  all(): UsageMeter[] {
    return [...this.meters.values()];
  }

  /** @throws Error when this process has no meter for the quota */
  of(quota: Quota): UsageMeter {
    const meter = this.meters.get(quota);
    if (!meter) throw new Error(`Nothing counts ${quota} in this process.`);
    return meter;
  }
}
