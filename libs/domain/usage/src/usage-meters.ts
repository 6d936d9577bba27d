import { Injectable } from '@nestjs/common';
import type { Quota, RequestContext } from '#caas/kernel';

/** By period. */
export type Counts = ReadonlyMap<string, number>;

/** How much there is of something, as it is kept and as the data say. Each library that has some registers its own. */
export interface UsageMeter {
  readonly quota: Quota;
  /** What is kept: by month, or for good. */
  kept(ctx: RequestContext): Promise<Counts>;
  /** The same, from what is counted. */
  counted(ctx: RequestContext): Promise<Counts>;
  /**
   * Whether both can be read in one transaction. What is too much for one is counted between two looks at what is kept, and must
   * only ever grow.
   */
  readonly inTransaction: boolean;
  /** What is kept of one period; of messages it is asked for now and again while they are sent, also in their transactions. */
  total(ctx: RequestContext, period: string): Promise<number>;
  /**
   * Takes into what is kept that was there before it was counted.
   * @returns false when others were writing meanwhile, and it has to be tried again
   */
  correct?(ctx: RequestContext): Promise<boolean>;
}

/** Every meter of this process, one for each quota that lies in the database. */
@Injectable()
export class UsageMeters {
  private readonly meters = new Map<Quota, UsageMeter>();

  /** @throws Error when there is one */
  register(meter: UsageMeter): void {
    if (this.meters.has(meter.quota)) throw new Error(`Two meters count ${meter.quota}.`);
    this.meters.set(meter.quota, meter);
  }

  all(): UsageMeter[] {
    return [...this.meters.values()];
  }

  /** @throws Error when nobody counts it in this process */
  of(quota: Quota): UsageMeter {
    const meter = this.meters.get(quota);
    if (!meter) throw new Error(`Nothing counts ${quota} in this process.`);
    return meter;
  }
}
