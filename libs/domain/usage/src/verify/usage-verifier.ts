import { Injectable } from '@nestjs/common';
import type { Quota, RequestContext } from '#caas/kernel';
import { UsageMeters, type Counts, type UsageMeter } from '../usage-meters';

/** How often data that is being written is recounted before it is left for a later run. */
const ATTEMPTS = 4;

export interface UsageDrift {
  quota: Quota;
  period: string;
  kept: number;
  counted: number;
}

export interface UsageVerification {
  counted: Record<string, Record<string, number>>;
  /** Counters that do not match the data; 0 is expected. */
  drift: number;
  drifts: UsageDrift[];
}

interface Recount {
  counts: Counts;
  drifts: UsageDrift[];
  /** False when the data was written to during the count. */
  isSettled: boolean;
}

/** Recounts a tenant's usage from the data. */
@Injectable()
export class UsageVerifier {
  constructor(private readonly meters: UsageMeters) {}

  /** Repairs nothing. Concurrent writes do not cause false drift. */
  async verify(ctx: RequestContext): Promise<UsageVerification> {
    const result: UsageVerification = { counted: {}, drift: 0, drifts: [] };
    for (const meter of this.meters.all()) {
      const { counts, drifts } = await this.recount(ctx, meter);
      result.counted[meter.quota] = Object.fromEntries([...counts].sort());
      result.drifts.push(...drifts);
    }
    result.drift = result.drifts.length;
    return result;
  }

  /**
   * For data from before counting began: adds the difference to the maintained counts.
   * @returns the differences, and whether some data was being written to, so that it must be tried again
   */
  async correct(ctx: RequestContext): Promise<{ corrected: UsageDrift[]; busy: boolean }> {
    const corrected: UsageDrift[] = [];
    let busy = false;
    for (const meter of this.meters.all()) {
      const { drifts } = await this.recount(ctx, meter);
      if (drifts.length === 0 || !meter.correct) continue;
      if (!(await meter.correct(ctx))) busy = true;
      corrected.push(...drifts);
    }
    return { corrected, busy };
  }

  private async recount(ctx: RequestContext, meter: UsageMeter): Promise<Recount> {
    if (meter.inTransaction) {
      return ctx.transaction(async (tx) => {
        const kept = await meter.kept(tx);
        return compared(meter.quota, kept, await meter.counted(tx), kept);
      });
    }
    for (let attempt = 1; ; attempt += 1) {
      const before = await meter.kept(ctx);
      const counts = await meter.counted(ctx);
      const recount = compared(meter.quota, before, counts, await meter.kept(ctx));
      if (attempt === ATTEMPTS || recount.isSettled) return recount;
    }
  }
}

/** Accepts any value between the two reads, because data may grow during the count. */
function compared(quota: Quota, before: Counts, counts: Counts, after: Counts): Recount {
  const drifts: UsageDrift[] = [];
  let isSettled = true;
  for (const period of new Set([...before.keys(), ...counts.keys(), ...after.keys()])) {
    const [least, counted, most] = [before, counts, after].map((each) => each.get(period) ?? 0) as [
      number,
      number,
      number,
    ];
    if (least !== most) isSettled = false;
    if (counted < least || counted > most) drifts.push({ quota, period, kept: most, counted });
  }
  return { counts, drifts, isSettled };
}
