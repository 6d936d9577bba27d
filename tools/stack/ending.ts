import { readFileSync } from 'node:fs';

/** One Ctrl-C comes as several signals: from the terminal, and from npm, which passes on what it got. */
const SAME_REQUEST_MS = 1_000;

export interface AskedToEnd {
  /** Aborted, with the reason as its `reason`, when this process is asked to end: by a signal, or because npm is gone. */
  asked: AbortSignal;
  /** Aborted when it is asked again. */
  again: AbortSignal;
}

export function whenAskedToEnd(): AskedToEnd {
  const asked = new AbortController();
  const again = new AbortController();
  let firstAt = 0;
  const end = (reason: string) => {
    firstAt ||= Date.now();
    if (asked.signal.aborted && Date.now() - firstAt >= SAME_REQUEST_MS) again.abort();
    asked.abort(new Error(reason));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => end(signal));
  // Under nohup it is ignored, and to listen would be to heed it.
  if (!isIgnored(1)) process.on('SIGHUP', () => end('SIGHUP'));
  if (process.env['npm_lifecycle_event']) watchParent(() => end('npm ended'));
  // A reader who left (`npm start | head`) is no reason to fall over.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  return { asked: asked.signal, again: again.signal };
}

/** npm killed with -9 passes nothing on: all there is to see is another parent. */
function watchParent(onGone: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    onGone();
  }, 250);
  timer.unref();
}

function isIgnored(signalNumber: number): boolean {
  try {
    const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
    return ((BigInt(`0x${mask}`) >> BigInt(signalNumber - 1)) & 1n) === 1n;
  } catch {
    return false;
  }
}
