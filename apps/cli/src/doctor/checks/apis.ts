import { createServer } from 'node:net';
import type { RunningStack } from '../../sessions/environment';
import type { Configuration } from '../configuration';
import { ok, remainingMs, unknown, wrong, type Finding } from '../finding';

/** Those of the running stack, or whatever is at HOST:PORT. */
export async function examineApis({ http }: Configuration, stack: RunningStack | null): Promise<Finding[]> {
  if (stack?.api_urls?.length) return Promise.all(stack.api_urls.map((url) => examineProcess('api', url)));
  if (!http) return [unknown('api', 'its part of the configuration has a problem')];
  const { HOST, PORT } = http;
  const host = HOST === '0.0.0.0' || HOST === '::' ? '127.0.0.1' : HOST;
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${PORT}`;
  if (await isFree(PORT, HOST)) return [ok('api', `none runs here; port ${PORT} of ${HOST} is free for one`)];
  return [await examineProcess('api', url)];
}

/** Those of the running stack; where there is none, nobody knows where they are. */
export function examineWorkers(stack: RunningStack | null): Promise<Finding[]> {
  return Promise.all((stack?.metrics_urls?.worker ?? []).map((url) => examineProcess('worker', url)));
}

async function examineProcess(what: 'api' | 'worker', url: string): Promise<Finding> {
  try {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(remainingMs()) });
    const text = await answer.text();
    if (answer.status === 200 && text.includes('"checks"')) return ok(what, `${url} is ready`);
    if (answer.status === 503)
      return wrong(what, `${url} is not ready: ${detailOf(text)}`, 'See the other lines, and its log.');
    return wrong(what, `another program answers at ${url}`, 'Set PORT to another one, or end that program.');
  } catch (error) {
    const { message, cause } = error as Error;
    const reason = cause instanceof Error ? cause.message : message;
    return wrong(
      what,
      `${url} does not answer: ${reason}`,
      what === 'api'
        ? 'If it is not an api of yours, set PORT to another one. Otherwise see its log.'
        : 'See its log in DATA_DIR/logs, and start the stack again.',
    );
  }
}

function detailOf(problem: string): string {
  try {
    return (JSON.parse(problem) as { detail?: string }).detail ?? '';
  } catch {
    return '';
  }
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
