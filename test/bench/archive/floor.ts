import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { zstdCompress } from 'node:zlib';
import { EJSON } from 'bson';
import type { Document } from 'mongodb';
import { emptyFloorCollection } from '../support/floor-collection';
import { DATABASE, type Archivable, type Bench } from './bench';

const compress = promisify(zstdCompress);
const COPY_AT_ONCE = 2_000;

/**
 * The least that moves messages into files: finds a conversation's, writes them as lines, deletes them by id. No lease, no
 * plan, no manifest, no reading back, no wait, no transaction.
 * @returns messages per second
 */
export async function bareLoop(bench: Bench, { tenantId, conversations }: Archivable): Promise<number> {
  await emptyFloorCollection(bench.engines.mongodbUri);
  const floor = bench.database.db('bench_floor').collection('messages');
  const source = bench.database.db(DATABASE).collection('messages');
  const ids = conversations.map(({ id }) => id);
  let some: Document[] = [];
  for await (const message of source.find({ tenant_id: tenantId, conversation_id: { $in: ids } })) {
    some.push(message);
    if (some.length === COPY_AT_ONCE) await floor.insertMany(some.splice(0), { ordered: false });
  }
  if (some.length > 0) await floor.insertMany(some, { ordered: false });
  some = [];
  const folder = await mkdtemp(join(tmpdir(), 'caas-bench-floor-'));
  try {
    const start = performance.now();
    let moved = 0;
    for (const conversation_id of ids) {
      const found = await floor
        .find({ tenant_id: tenantId, conversation_id }, { sort: { seq: 1 }, batchSize: COPY_AT_ONCE })
        .toArray();
      const lines = found.map((message) => `${EJSON.stringify(message)}\n`).join('');
      await writeFile(join(folder, conversation_id.toHexString()), await compress(lines));
      await floor.deleteMany({ tenant_id: tenantId, _id: { $in: found.map(({ _id }) => _id) } });
      moved += found.length;
    }
    return moved / ((performance.now() - start) / 1_000);
  } finally {
    await rm(folder, { recursive: true, force: true });
    await floor.drop();
  }
}
