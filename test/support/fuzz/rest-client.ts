import { Agent, request } from 'node:http';
import type { RestCall } from './rest-calls';

/** Why a call has failed the server; null when it has not. */
export type Verdict = string | null;

export interface Answered {
  status: number;
  verdict: Verdict;
  ms: number;
}

const PROBLEM = 'application/problem+json';
/** Longer than any deadline of the server. */
const TIMEOUT_MS = 120_000;

/** Makes calls as they are written, which `fetch` would put right. */
export class RestClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 16 });

  async call(url: string, call: RestCall): Promise<Answered> {
    const start = performance.now();
    const { status, type, body } = await this.send(url, call).catch((error: Error) => ({
      status: 0,
      type: '',
      body: error.message,
    }));
    return { status, verdict: verdictOn(call.method, status, type, body), ms: performance.now() - start };
  }

  close(): void {
    this.agent.destroy();
  }

  private send(
    url: string,
    { method, path, headers, body }: RestCall,
  ): Promise<{ status: number; type: string; body: string }> {
    const { hostname, port } = new URL(url);
    return new Promise((resolve, reject) => {
      const sized = body ? { ...headers, 'content-length': String(body.length) } : headers;
      const options = { hostname, port, method, path, headers: sized, agent: this.agent, timeout: TIMEOUT_MS };
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode!,
            type: response.headers['content-type'] ?? '',
            body: Buffer.concat(chunks).toString(),
          }),
        );
      });
      sent.on('timeout', () => sent.destroy(new Error('no answer')));
      sent.on('error', reject);
      sent.end(body ?? undefined);
    });
  }
}

function verdictOn(method: string, status: number, type: string, body: string): Verdict {
  // What cannot be read is answered with a body, whatever its method was.
  if (status === 0 && method === 'HEAD' && body.startsWith('Parse Error')) return null;
  if (status === 0) return `no answer: ${body}`;
  if (status >= 500) return `${status} ${body}`;
  if (status < 400 || method === 'HEAD') return null;
  if (!type.startsWith(PROBLEM)) return `${status} is no problem: ${type} ${body.slice(0, 200)}`;
  const { code, errors = [] } = JSON.parse(body) as { code?: unknown; errors?: unknown[] };
  if (typeof code !== 'string' || !/^[a-z0-9_]+$/.test(code)) return `${status} has no code: ${body}`;
  return errors.length > 20 || body.length > 16_000 ? `${status} is too long: ${body.slice(0, 200)}` : null;
}
