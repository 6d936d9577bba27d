import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { engineEnvironment } from '../process/environment';
import { ManagedProcess } from '../process/managed-process';
import type { Supervision } from '../process/supervision';
import type { EnginePasswords } from './passwords';
import { commandOf } from './system-packages';

/**
 * Redis on 127.0.0.1 with its append-only file in `dataDir/redis`. Who connects gives the password.
 *
 * `everysec`: a power cut may cost the last second of queue entries, which the outbox sweeper puts back from the database; a
 * fsync for every job would slow every job. A stop writes everything first. `noeviction`, because BullMQ's keys are not a cache.
 */
export async function startRedis(
  supervision: Supervision,
  { port, passwords }: { port: number; passwords: EnginePasswords },
): Promise<ManagedProcess> {
  const folder = join(supervision.dataDir, 'redis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    requirepass: passwords.redis,
    dir: JSON.stringify(folder),
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '""',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    logfile: '""',
  };
  // A file and not the command line, which every user of the machine can read.
  const configuration = join(folder, 'redis.conf');
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`);
  writeFileSync(configuration, lines.join(''), { mode: 0o600 });
  const redis = new ManagedProcess(supervision, {
    role: 'redis',
    command: commandOf('redis'),
    args: [configuration],
    env: engineEnvironment(),
    ready: () => answersPing(port, passwords.redis),
    readyTimeoutMs: 60_000,
    stopTimeoutMs: 3500,
  });
  await redis.start();
  return redis;
}

/** False also while it still loads its file: it answers `-LOADING` then. */
function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    let said = '';
    const answer = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1000, () => answer(false));
    socket.on('data', (data) => {
      said += data.toString();
      if (said.split('\r\n').length > 2) answer(said.includes('+PONG'));
    });
    socket.once('close', () => answer(false));
    socket.once('error', () => answer(false));
  });
}
