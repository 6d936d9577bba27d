import { setTimeout as delay } from 'node:timers/promises';

export interface Call {
  /** `Authorization: Bearer ...`: platform key, server key or user token. */
  credential: string;
  actingUser?: string;
  body?: unknown;
  /** Makes a POST safe to repeat. */
  idempotencyKey?: string;
}

export interface Answer<T> {
  status: number;
  body: T;
}

const REPEAT_FOR_MS = 120_000;
const LONGEST_ATTEMPT_MS = 30_000;
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);
/** The first attempt is at it still, or its api was killed: the answer is there for the next. */
const IN_PROGRESS = 'idempotency_in_progress';

/** Calls any api of the system, the next one when one does not answer: all calls here may be repeated. */
export class RestClient {
  /** Attempts that failed and were repeated. */
  repeated = 0;
  private turn = 0;

  constructor(readonly urls: string[]) {}

  /** @throws Error when the system gave no lasting answer for two minutes */
  async call<T = unknown>(method: string, path: string, call: Call): Promise<Answer<T>> {
    const deadline = Date.now() + REPEAT_FOR_MS;
    for (let attempt = 1; ; attempt += 1) {
      let problem: string;
      try {
        const answer = await this.attempt<T>(method, path, call);
        if (!PASSING.has(answer.status) && (answer.body as { code?: unknown } | null)?.code !== IN_PROGRESS)
          return answer;
        problem = `${answer.status} ${JSON.stringify(answer.body)}`;
      } catch (error) {
        const cause = (error as Error).cause;
        problem = `${(error as Error).message}${cause instanceof Error ? `: ${cause.message}` : ''}`;
      }
      if (Date.now() > deadline) throw new Error(`${method} ${path} failed for two minutes: ${problem}`);
      this.repeated += 1;
      await delay(Math.min(50 * 2 ** attempt, 2_000));
    }
  }

  /** The body of an answer that has to be a success. */
  async expect<T>(method: string, path: string, call: Call): Promise<T> {
    const { status, body } = await this.call<T>(method, path, call);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  private async attempt<T>(method: string, path: string, call: Call): Promise<Answer<T>> {
    this.turn += 1;
    const headers: Record<string, string> = { authorization: `Bearer ${call.credential}` };
    if (call.actingUser !== undefined) headers['x-acting-user'] = call.actingUser;
    if (call.idempotencyKey !== undefined) headers['idempotency-key'] = call.idempotencyKey;
    if (call.body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(`${this.urls[this.turn % this.urls.length]}${path}`, {
      method,
      headers,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      signal: AbortSignal.timeout(LONGEST_ATTEMPT_MS),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T };
  }
}
