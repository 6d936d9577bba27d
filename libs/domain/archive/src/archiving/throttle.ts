import { setTimeout as sleep } from 'node:timers/promises';

/** Events a second that count as nothing. */
const QUIET_PER_SECOND = 5;
const LOOK_EVERY_MS = 500;
/** Those who chat pause. */
const LIVE_FOR_MS = 5_000;
/** Of a step's time, how long nothing is done after it. */
const REST = 3;
const LONGEST_REST_MS = 2_000;
/** A step takes a part of what it takes at full speed: a send that comes meanwhile waits for no more than that. */
const PARTS = 8;

/** How hard the archiver works. Steps do not contain each other. */
export abstract class Throttle {
  abstract step<T>(work: () => Promise<T>): Promise<T>;
  /** How many a step takes, of so many at full speed. */
  abstract portion(most: number): number;
}

export const FULL_SPEED: Throttle = {
  step: (work) => work(),
  portion: (most) => most,
};

/** Full speed as long as nobody chats; otherwise small steps, one at a time, with a rest after each. */
export class AdaptiveThrottle extends Throttle {
  private tail: Promise<unknown> = Promise.resolve();
  private lookedAtMs = -Infinity;
  private liveUntilMs = -Infinity;

  /** @param traffic what happens among live clients, in events a second; null: nobody knows */
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
