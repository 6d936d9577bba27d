import { setTimeout as sleep } from 'node:timers/promises';

/** Up to this rate, in events a second, live traffic is ignored. */
const QUIET_PER_SECOND = 5;
const LOOK_EVERY_MS = 500;
/** Traffic counts as live for this long after the last busy reading, because users pause while they chat. */
const LIVE_FOR_MS = 5_000;
/** The rest after a step, as a multiple of the step's duration. */
const REST = 3;
const LONGEST_REST_MS = 2_000;
/** Under live traffic a step handles 1/8 of a full-speed step, so that a concurrent send waits no longer than that. */
const PARTS = 8;

/** How hard the archiver works. Steps must not be nested. */
export abstract class Throttle {
  abstract step<T>(work: () => Promise<T>): Promise<T>;
  /** How many items a step handles, given the number at full speed. */
  abstract portion(most: number): number;
}

export const FULL_SPEED: Throttle = {
  step: (work) => work(),
  portion: (most) => most,
};

/** Full speed while there is no live traffic; otherwise small steps, one at a time, with a rest after each. */
export class AdaptiveThrottle extends Throttle {
  private tail: Promise<unknown> = Promise.resolve();
  private lookedAtMs = -Infinity;
  private liveUntilMs = -Infinity;

  /** @param traffic the rate of live events, in events a second; null: unknown */
  constructor(private readonly traffic: { perSecond(): number | null }) {
    super();
  }

  override async step<T>(work: () => Promise<T>): Promise<T> {
    this.look();
    if (!this.isLive) return work();
    const done = this.tail.then(async () => {
      const startedAtMs = performance.now();
      const result = await work();
      return { result, restMs: Math.min(LONGEST_REST_MS, (performance.now() - startedAtMs) * REST) };
    });
    this.tail = done.then(
      ({ restMs }) => sleep(restMs),
      () => undefined,
    );
    return (await done).result;
  }

  override portion(most: number): number {
    return this.isLive ? Math.ceil(most / PARTS) : most;
  }

  private get isLive(): boolean {
    return performance.now() < this.liveUntilMs;
  }

  private look(): void {
    if (performance.now() - this.lookedAtMs < LOOK_EVERY_MS) return;
    this.lookedAtMs = performance.now();
    const perSecond = this.traffic.perSecond();
    if (perSecond !== null && perSecond <= QUIET_PER_SECOND) return;
    this.liveUntilMs = performance.now() + (perSecond === null ? LOOK_EVERY_MS : LIVE_FOR_MS);
  }
}
