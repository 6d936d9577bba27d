import { setTimeout as delay } from 'node:timers/promises';

/** What a server said is wrong: the part of a problem that decides whether to ask again. */
export interface Problem {
  status: number;
  code?: string;
}

/** Statuses after which the same call may succeed a moment later. */
const TRANSIENT = new Set([408, 425, 429, 500, 502, 503, 504]);
/** The first attempt is still running, or its process was killed: the next attempt gets the answer. */
const IN_PROGRESS = 'idempotency_in_progress';
const LONGEST_PAUSE_MS = 2_000;

/**
 * Repeats a call until the server gives a lasting answer: a success, or a refusal that a repetition would not change. Only for
 * calls that are safe to repeat: reads, PUT and DELETE, and a POST with a `client_message_id` or an `Idempotency-Key`.
 */
export class RetryPolicy {
  /** Attempts that failed and were repeated, of all calls. */
  repeated = 0;
  /** How long one attempt waits for its answer, in milliseconds. */
  readonly attemptMs: number;
  private readonly forMs: number;

  /** @param forMs how long a call is repeated, in milliseconds */
  constructor({ forMs = 120_000, attemptMs = 30_000 }: { forMs?: number; attemptMs?: number } = {}) {
    this.forMs = forMs;
    this.attemptMs = attemptMs;
  }

  /**
   * @param what names the call in the error
   * @param problemOf of an answer; null of a success
   * @throws Error when there is no lasting answer in time
   */
  async run<T>(what: string, attempt: () => Promise<T>, problemOf: (answer: T) => Problem | null): Promise<T> {
    const deadline = Date.now() + this.forMs;
    for (let attempts = 1; ; attempts += 1) {
      let failure: string;
      try {
        const answer = await attempt();
        const problem = problemOf(answer);
        if (!problem || !isTransient(problem)) return answer;
        failure = JSON.stringify(problem);
      } catch (error) {
        failure = describe(error as Error);
      }
      if (Date.now() > deadline) throw new Error(`${what} failed for ${this.forMs / 1_000} s: ${failure}`);
      this.repeated += 1;
      await delay(Math.min(50 * 2 ** attempts, LONGEST_PAUSE_MS));
    }
  }
}

const isTransient = ({ status, code }: Problem): boolean => TRANSIENT.has(status) || code === IN_PROGRESS;

const describe = ({ message, cause }: Error): string =>
  cause instanceof Error ? `${message}: ${cause.message}` : message;
