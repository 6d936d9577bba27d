import { access, constants } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Configuration } from '../configuration';
import { inTime, ok, unknown, wrong, type Finding } from '../finding';

const TOOLS = [
  { what: 'ffmpeg', commands: ['ffmpeg', 'ffprobe'], without: 'videos and audios wait', package: 'ffmpeg' },
  { what: 'poppler', commands: ['pdfinfo', 'pdftoppm'], without: 'PDFs have no preview', package: 'poppler-utils' },
];

/** What workers run for files, where they look for it. */
export async function examineTools({ processing }: Configuration): Promise<Finding[]> {
  if (!processing) return [unknown('ffmpeg', 'its part of the configuration has a problem')];
  const folders = processing.FFMPEG_PATH.split(':');
  const tools = TOOLS.map(async ({ what, commands, without, package: name }): Promise<Finding> => {
    const found = await Promise.all(commands.map((command) => isIn(folders, command)));
    const missing = commands.filter((_command, at) => !found[at]);
    if (missing.length === 0) return ok(what, `${commands.join(' and ')} are there`);
    return wrong(
      what,
      `${missing.join(' and ')} is in none of ${folders.join(', ')}: ${without}`,
      `apt-get install ${name}, or name its folder in FFMPEG_PATH`,
    );
  });
  return Promise.all([...tools, examineScanner(processing.CLAMAV_SOCKET)]);
}

async function isIn(folders: string[], command: string): Promise<boolean> {
  for (const folder of folders) {
    const isThere = await access(join(folder, command), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return true;
  }
  return false;
}

async function examineScanner(address: string | null): Promise<Finding> {
  if (address === null) return ok('clamd', 'not configured: uploads are not scanned');
  try {
    const answer = await inTime(askScanner(address));
    if (answer.startsWith('PONG')) return ok('clamd', `${address} answers`);
    throw new Error(`it answers ${JSON.stringify(answer.slice(0, 40))}`);
  } catch (error) {
    return wrong(
      'clamd',
      `${address}: ${(error as Error).message}; every upload waits`,
      'Start clamd, or correct CLAMAV_SOCKET.',
    );
  }
}

function askScanner(address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const [host, port] = address.split(':');
    const socket = address.startsWith('/') ? connect(address) : connect(Number(port), host);
    socket.once('connect', () => socket.write('zPING\0'));
    socket.once('data', (data) => {
      resolve(data.toString());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
