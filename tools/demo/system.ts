import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startStack, waitFor, type StackFile } from '../stack';

const READY_MS = 60_000;

export interface DemoSystem {
  urls: string[];
  platformKey: string;
  /** Kills one api and one worker with -9, says which, and resolves when both have been started again and are ready. */
  crash(say: (line: string) => void): Promise<void>;
  stop(): Promise<void>;
}

/** The system that runs on `DATA_DIR`, or one that is started there and stopped again. */
export async function findOrStart(say: (line: string) => void): Promise<DemoSystem> {
  const dataDir = process.env['DATA_DIR'] || '.data';
  const running = await runningOn(dataDir);
  if (running) {
    say(`the system that runs at ${running.api_urls.join(', ')}`);
    return { ...access(dataDir, running), stop: () => Promise.resolve() };
  }
  say('starting the system with two apis');
  const stack = await startStack({
    dataDir,
    apiProcesses: 2,
    workerProcesses: 1,
    progress: say,
    env: { LOG_LEVEL: 'warn' },
  });
  return { ...access(dataDir, stackFile(dataDir)!), platformKey: stack.platformKey, stop: () => stack.stop() };
}

function access(dataDir: string, { api_urls: urls, platform_key_file: keyFile }: StackFile) {
  const platformKey = process.env['PLATFORM_ADMIN_KEY'] || (keyFile ? readFileSync(keyFile, 'utf8').trim() : '');
  return { urls, platformKey, crash: (say: (line: string) => void) => crash(dataDir, urls, say) };
}

async function crash(dataDir: string, urls: string[], say: (line: string) => void): Promise<void> {
  const before = stackFile(dataDir)?.pids;
  const [api, worker] = [before?.api.at(-1), before?.worker.at(-1)];
  if (!api || !worker) throw new Error('no api and worker to kill: is this a system that `npm start` supervises?');
  process.kill(api, 'SIGKILL');
  process.kill(worker, 'SIGKILL');
  say(`killed the api ${api} and the worker ${worker} with -9`);
  await waitFor('the api and the worker to come back', READY_MS, async () => {
    const now = stackFile(dataDir)?.pids;
    const back = now?.api.at(-1) && now.worker.at(-1) && now.api.at(-1) !== api && now.worker.at(-1) !== worker;
    return back && (await allReady(urls));
  });
  say('both are back');
}

async function runningOn(dataDir: string): Promise<StackFile | undefined> {
  const stack = stackFile(dataDir);
  return stack && (await allReady(stack.api_urls)) ? stack : undefined;
}

async function allReady(urls: string[]): Promise<boolean> {
  const answers = urls.map((url) => fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(3_000) }));
  return (await Promise.allSettled(answers)).every((answer) => answer.status === 'fulfilled' && answer.value.ok);
}

function stackFile(dataDir: string): StackFile | undefined {
  const path = join(dataDir, 'stack.json');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as StackFile) : undefined;
}
