import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What a process of the system leaves in its data folder when it ends: see `test/support/command-recorder.ts`. */
const COMMAND_NOTE = /^commands-\d+\.json$/;

/** By the command's name, how many were written to sockets, and how many the firewall had read. */
export interface CommandNote {
  written: Record<string, number>;
  read: Record<string, number>;
  /** Signs of what the embedded engine does otherwise than MongoDB (`libs/documentdb-gateway/src/differences.ts`). */
  differing: string[];
}

/**
 * The tenant firewall has read every command that the ended processes wrote to the engine, and none of them uses what the embedded
 * engine does otherwise than MongoDB. `COMMAND_LOG` names a file that the counts are added to.
 * @throws Error naming the commands that went past it, or what they use
 */
export async function assertCommandsRight(dataDir: string): Promise<void> {
  const names = (await readdir(dataDir)).filter((name) => COMMAND_NOTE.test(name));
  if (names.length === 0) throw new Error('No process said which commands it had sent.');
  for (const name of names) {
    const { written, read, differing } = JSON.parse(await readFile(join(dataDir, name), 'utf8')) as CommandNote;
    const missed = Object.keys(written).filter((command) => written[command]! > (read[command] ?? 0));
    if (missed.length > 0) throw new Error(`Went past the tenant firewall: ${missed.join(', ')}`);
    if (differing.length > 0)
      throw new Error(`The embedded engine does otherwise than MongoDB: ${differing.join(', ')}`);
    if (process.env['COMMAND_LOG']) await appendFile(process.env['COMMAND_LOG'], `${JSON.stringify(written)}\n`);
  }
}
