/** A process with nothing to do with the load: an unrelated `findOne` every 10 ms, whether the one before is answered or not. */
import { MongoClient } from 'mongodb';

const EVERY_MS = 10;

/** How long each took, in milliseconds, since the last time it was asked for; and errors. */
export interface Probed {
  ms: number[];
  errors: string[];
}

async function main(mongodbUri: string): Promise<void> {
  const client = new MongoClient(mongodbUri);
  const rows = client.db(`bench_probe_${process.pid}`).collection<{ _id: number }>('rows');
  await rows.insertOne({ _id: 1 });
  let probed: Probed = { ms: [], errors: [] };
  const probe = async () => {
    const startedAt = performance.now();
    try {
      if ((await rows.findOne({ _id: 1 })) === null) throw new Error('the document is not there');
    } catch (error) {
      probed.errors.push((error as Error).message);
    }
    probed.ms.push(performance.now() - startedAt);
  };
  setInterval(() => void probe(), EVERY_MS);
  process.on('message', () => {
    process.send!(probed);
    probed = { ms: [], errors: [] };
  });
  process.on('disconnect', () => process.exit(0));
  process.send!('ready');
}

void main(process.argv[2]!);
