import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { ManagedProcess } from '../process/managed-process';
import type { Supervision } from '../process/supervision';
import { commandOf } from './system-packages';

/**
 * Redis on 127.0.0.1 with its append-only file in `dataDir/redis`.
 *
 * `everysec`: a power cut may cost the last second of queue entries, which the outbox sweeper puts back from the database; a
 * fsync for every job would slow every job. A stop writes everything first. `noeviction`, because BullMQ's keys are not a cache.
 */
export async function startRedis(supervision: Supervision, { port }: { port: number }): Promise<ManagedProcess> {
  const folder = join(supervision.dataDir, 'redis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    logfile: '',
  };
  const redis = new ManagedProcess(supervision, {
    role: 'redis',
    command: commandOf('redis'),
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    ready: () => answersPing(port),
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 3500,
  });
  await redis.start();
  return redis;
}

/** False also while it still loads its file: it answers `-LOADING` then. */
function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    const answer = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1000, () => answer(false));
    socket.once('data', (data) => answer(data.toString().startsWith('+PONG')));
    socket.once('error', () => answer(false));
  });
}
