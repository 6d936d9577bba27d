/** `npm run bench:media [-- part …]`: the work on files beside the least that could do the same. Parts: thumbnails, transcode. */
import { Table } from '../messaging/table';
import { thumbnails } from './parts/thumbnails';
import { transcode } from './parts/transcode';

/** In the order in which they run. */
const PARTS: Record<string, (table: Table) => Promise<void>> = { thumbnails, transcode };

async function main(wanted: string[]): Promise<boolean> {
  const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
  if (unknown.length > 0)
    throw new Error(`No such part: ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}`);
  const table = new Table();
  for (const [name, part] of Object.entries(PARTS)) {
    if (wanted.length === 0 || wanted.includes(name)) await part(table);
  }
  return table.allMet;
}

void main(process.argv.slice(2)).then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
