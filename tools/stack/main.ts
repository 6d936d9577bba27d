/** `npm start`: the whole system on this machine, until it is asked to stop. */
import { relative } from 'node:path';
import { ConfigurationError } from '#caas/platform/config';
import { whenAskedToEnd } from './ending';
import { settingsFrom } from './settings';
import { startStack, type Stack } from './stack';
import { SetupError } from './process/setup-error';

const OLDEST_NODE = 24;

async function main(): Promise<number> {
  const { asked, again } = whenAskedToEnd();
  const startedAt = Date.now();
  const say = (line: string) => console.log(`caas: ${line}`);
  try {
    checkNode();
    const stack = await startStack({ ...settingsFrom(process.env), progress: say, signal: asked, hurry: again });
    console.log(banner(stack, Date.now() - startedAt));
    if (!asked.aborted) await new Promise((resolve) => asked.addEventListener('abort', resolve, { once: true }));
    say(`stopping (${(asked.reason as Error).message})`);
    await stack.stop();
    say('stopped');
    return 0;
  } catch (error) {
    if (asked.aborted) {
      say('stopped');
      return 0;
    }
    console.error(
      `\n${error instanceof SetupError || error instanceof ConfigurationError ? error.message : ((error as Error).stack ?? String(error))}\n`,
    );
    return 1;
  }
}

function checkNode(): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= OLDEST_NODE) return;
  throw new SetupError(
    `This runs on Node ${OLDEST_NODE}, and found ${process.versions.node}. It comes with the package "node" of \`npm ci\`, ` +
      'whose install script must be allowed to run: npm ci --allow-scripts=node',
  );
}

function banner(stack: Stack, tookMs: number): string {
  const [first = ''] = stack.apiUrls;
  const key = stack.platformKeyFile ? fromHere(stack.platformKeyFile) : 'PLATFORM_ADMIN_KEY of the environment';
  return `
  CaaS is ready (${(tookMs / 1000).toFixed(1)} s)

  REST, WebSocket   ${stack.apiUrls.join('  ')}
  API reference     ${first}/docs
  Queues            ${first}/admin/queues   (user "admin", the platform key)
  Metrics           ${[...stack.metricsUrls.api, ...stack.metricsUrls.worker].map((url) => `${url}/metrics`).join('  ')}
  Platform key      ${key}
  Data and logs     ${fromHere(stack.dataDir)}

  Ctrl-C stops it.
`;
}

/** The shorter way to write a path. */
function fromHere(path: string): string {
  const here = relative(process.cwd(), path) || '.';
  return here.startsWith('..') ? path : here;
}

void main().then((code) => process.exit(code));
