import { EJSON } from 'bson';
import { GatewayProcess } from '../contract/gateway.support';
import { Connection } from './connection';
import { EngineWatch } from './engine-watch';
import { seedData } from './seed-data';
import { verdictOn } from './verdict';

const ANSWER_MS = 30_000;
const SHOWN = 500;

interface Line {
  what: string;
  number: number;
  commands: string[];
  /** base64 */
  frames: string[];
}

/** Sends each line's commands again and prints what comes of them. @returns whether all were answered as a MongoDB answers */
export async function replay(postgresUri: string, file: string): Promise<boolean> {
  const lines = file
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
  const gateway = await GatewayProcess.start(postgresUri);
  const watch = await EngineWatch.begin(postgresUri, (reason) => console.log(`  CRASH of the engine: ${reason}`));
  let held = true;
  for (const { what, commands, frames } of lines) {
    console.log(what);
    await watch.whenUp;
    const connection = await Connection.to(gateway.port);
    await seedData(connection, 1);
    for (const [at, frame] of frames.entries()) {
      console.log(`  ${commands[at]!.slice(0, SHOWN)}`);
      const outcome = await connection.ask(Buffer.from(frame, 'base64'), ANSWER_MS);
      const kind = outcome.reply ? verdictOn(outcome.reply).kind : 'wrong';
      held &&= kind === 'fine' || kind === 'internal';
      console.log(`    ${outcome.reply ? EJSON.stringify(outcome.reply).slice(0, SHOWN) : outcome.why}`);
    }
    connection.close();
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS / 100));
  }
  held &&= watch.crashes.length === 0;
  await watch.stop();
  await gateway.end();
  return held;
}
