/** What an attacker is told. */
export interface Order {
  kind: string;
  target: Target;
  seconds: number;
}

export interface Target {
  url: string;
  /** Of a tenant of the attackers' own; what is known to a server that only closes connections does not matter. */
  tokens: string[];
  conversationId: string;
}

/** What it did; printed beside what came of it. */
export class Sent {
  connections = 0;
  /** Connections that could not be made, or were ended by the other side. */
  ended = 0;
  frames = 0;
  requests = 0;
  bytes = 0;

  add(other: Sent): void {
    for (const key of Object.keys(this) as (keyof Sent & string)[]) {
      if (typeof this[key] === 'number') (this[key] as number) += other[key] as number;
    }
  }
}

/** Attacks until the moment, in milliseconds of `performance.now()`. */
export type Attack = (target: Target, until: number, sent: Sent) => Promise<void>;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs so many at once, each again and again until the time is over, with a pause in between. */
export async function repeat(
  atOnce: number,
  { until, pauseMs }: { until: number; pauseMs: number },
  work: (at: number) => Promise<void>,
): Promise<void> {
  const one = async (at: number) => {
    // Not all in the same millisecond.
    await pause((pauseMs * at) / atOnce);
    while (performance.now() < until) {
      await work(at);
      await pause(pauseMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, (_, at) => one(at)));
}
