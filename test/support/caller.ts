/** What the assertions read of an answer. */
export interface Answer {
  status: number;
  etag: string | null;
  headers: Headers;
  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into JSON of every shape */
  body: any;
}

/** One credential at one process. */
export class Caller {
  constructor(
    private readonly url: string,
    private readonly authorization: string | null,
    private readonly headers: Record<string, string> = {},
  ) {}

  /** What a client of another protocol than JSON sends along. */
  get credentials(): Record<string, string> {
    return {
      ...(this.authorization === null ? {} : { authorization: `Bearer ${this.authorization}` }),
      ...this.headers,
    };
  }

  /** The answer as it comes, for what is not JSON. */
  raw(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: RequestInit['body'],
  ): Promise<Response> {
    const init = { method, headers: { ...this.credentials, ...headers }, body: body ?? null, duplex: 'half' };
    return fetch(path.startsWith('http') ? path : `${this.url}${path}`, init as RequestInit);
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(this.authorization === null ? {} : { authorization: `Bearer ${this.authorization}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.headers,
        ...headers,
      },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      etag: answer.headers.get('etag'),
      headers: answer.headers,
      body: text === '' ? null : (JSON.parse(text) as unknown),
    };
  }

  get = (path: string) => this.call('GET', path);
  put = (path: string, body?: unknown, headers?: Record<string, string>) => this.call('PUT', path, body, headers);
  post = (path: string, body?: unknown) => this.call('POST', path, body);
  patch = (path: string, body: unknown, headers?: Record<string, string>) => this.call('PATCH', path, body, headers);
  delete = (path: string, headers?: Record<string, string>) => this.call('DELETE', path, undefined, headers);
}
