import type { RetryPolicy } from '../retry-policy';
import { assertNotStored } from './secrets';

/** What the assertions read of an answer. */
export interface Answer {
  status: number;
  etag: string | null;
  headers: Headers;
  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into JSON of every shape */
  body: any;
}

/** A value that is known now, or one that is asked for when it is needed: once for every attempt. */
export type Lazy<T> = T | (() => T | Promise<T>);

export const resolveLazy = <T extends string | null>(value: Lazy<T>): T | Promise<T> =>
  typeof value === 'function' ? value() : value;

/** Several apis as one: each attempt goes to the next of them. */
export function roundRobin(urls: () => readonly string[]): () => string {
  let turn = 0;
  return () => {
    turn += 1;
    const all = urls();
    return all[turn % all.length]!;
  };
}

/**
 * A REST client: one credential at one api, or at several by `roundRobin`. Each method answers what the server answered, an error
 * too; it throws only without an answer. With a retry policy it repeats an attempt that failed.
 */
export class Caller {
  constructor(
    private readonly url: Lazy<string>,
    /** What stands behind `Bearer`; null sends no `Authorization`. */
    private readonly credential: Lazy<string | null>,
    private readonly headers: Record<string, string> = {},
    private readonly retry?: RetryPolicy,
  ) {}

  /** The headers that say who calls, for a client of another protocol than JSON. */
  async credentials(): Promise<Record<string, string>> {
    const credential = await resolveLazy(this.credential);
    return { ...(credential === null ? {} : { authorization: `Bearer ${credential}` }), ...this.headers };
  }

  /** The answer as it comes, for what is not JSON: one attempt. */
  async raw(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: RequestInit['body'],
  ): Promise<Response> {
    const credentials = await this.credentials();
    const init = { method, headers: { ...credentials, ...headers }, body: body ?? null, duplex: 'half' };
    const signal = this.retry ? { signal: AbortSignal.timeout(this.retry.attemptMs) } : {};
    const url = path.startsWith('http') ? path : `${await resolveLazy(this.url)}${path}`;
    return fetch(url, { ...init, ...signal } as RequestInit);
  }

  /**
   * @param body is sent as JSON; a string is sent as it stands
   * @throws Error when there is no answer; with a retry policy, when there is no lasting one in time
   */
  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const attempt = () => this.attempt(method, path, body, headers);
    return this.retry ? this.retry.run(`${method} ${path}`, attempt, problemOf) : attempt();
  }

  /** The body of an answer that has to be a success. @throws Error with any other answer */
  async expectBody<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    const answer = await this.call(method, path, body, headers);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as T;
  }

  /** The body of a GET that has to be a success. @throws Error with any other answer */
  read = <T>(path: string): Promise<T> => this.expectBody<T>('GET', path);

  get = (path: string, headers?: Record<string, string>) => this.call('GET', path, undefined, headers);
  put = (path: string, body?: unknown, headers?: Record<string, string>) => this.call('PUT', path, body, headers);
  post = (path: string, body?: unknown, headers?: Record<string, string>) => this.call('POST', path, body, headers);
  patch = (path: string, body: unknown, headers?: Record<string, string>) => this.call('PATCH', path, body, headers);
  delete = (path: string, headers?: Record<string, string>) => this.call('DELETE', path, undefined, headers);

  private async attempt(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Answer> {
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await this.raw(method, path, { ...type, ...this.headers, ...headers }, sent);
    const text = await answer.text();
    const json = text === '' ? null : (JSON.parse(text) as unknown);
    assertNotStored(`${method} ${path}`, answer, json);
    return {
      status: answer.status,
      etag: answer.headers.get('etag'),
      headers: answer.headers,
      body: json,
    };
  }
}

const problemOf = ({ status, body }: Answer) =>
  status < 400 ? null : { status, code: (body as { code?: string } | null)?.code };
