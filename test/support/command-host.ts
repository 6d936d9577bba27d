import { EventEmitter } from 'node:events';
import { run } from '../../apps/cli/src/run';

// Each command's application listens to the same process, and the last one's are still there.
EventEmitter.defaultMaxListeners = 0;

/** What a test asks for. */
export interface Asked {
  words: string[];
  env: NodeJS.ProcessEnv;
}

export interface Answered {
  code: number;
  output: string;
  complaints: string;
}

/** The command line, one command after the other in one process: what is loaded, which takes longest of it, is loaded once. */
async function answer({ words, env }: Asked): Promise<Answered> {
  let [output, complaints] = ['', ''];
  console.log = (line: string) => (output += `${line}\n`);
  console.error = (line: string) => (complaints += `${line}\n`);
  process.env = env;
  process.exitCode = undefined;
  const code = await run(words);
  process.exitCode = undefined;
  return { code, output, complaints };
}

process.on('message', (asked: Asked) => void answer(asked).then((answered) => process.send!(answered)));
process.on('disconnect', () => process.exit());
