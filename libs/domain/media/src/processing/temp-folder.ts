import { Injectable, type OnModuleInit } from '@nestjs/common';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { InjectConfig, runtimeConfig, type ConfigOf } from '#caas/platform/config';

/** `<host>-<pid>-<start time>-`: identifies the folder's process, even after it has died. */
const OWNER = /^(.+)-(\d+)-(\d+)-[^-]+$/;
const HOST = hostname().replace(/[^A-Za-z0-9.]/g, '_');

/** Private working folders, removed after use. Folders of dead processes are removed at startup. */
@Injectable()
export class TempFolder implements OnModuleInit {
  private readonly folder: string;

  constructor(@InjectConfig(runtimeConfig) config: ConfigOf<typeof runtimeConfig>) {
    this.folder = resolve(config.DATA_DIR, 'scratch');
  }

  async onModuleInit(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    for (const name of await readdir(this.folder)) {
      const [, host, pid, startedAt] = OWNER.exec(name) ?? [];
      if (host !== HOST || (await startTimeOf(Number(pid))) === startedAt) continue;
      await rm(join(this.folder, name), { recursive: true, force: true });
    }
  }

  /** Runs `work` with two empty folders, `in` and `out`, that are gone afterwards. */
  async during<T>(work: (folders: { in: string; out: string }) => Promise<T>): Promise<T> {
    const own = `${HOST}-${process.pid}-${await startTimeOf(process.pid)}-`;
    const folder = await mkdtemp(join(this.folder, own));
    try {
      const folders = { in: join(folder, 'in'), out: join(folder, 'out') };
      await mkdir(folders.in);
      await mkdir(folders.out);
      return await work(folders);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** In ticks since boot, see proc(5); null when there is no such process. */
async function startTimeOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
