import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { COMMANDS, GROUPS } from './commands';
import type { Answer, Command, Input } from './framework/command';
import { UsageError } from './framework/errors';
import { helpOf } from './framework/help';
import { parse, wantsJson } from './framework/parse';

export { COMMANDS, GROUPS };

const EXIT = { failed: 1, usage: 2 } as const;

/** Runs one command and prints what comes of it. @returns the code for the process to end with */
export async function run(argv: string[]): Promise<number> {
  try {
    const { json, request } = parse(argv, COMMANDS);
    if (request.kind === 'version') return print(version(), { version: version() }, json);
    if (request.kind === 'help') {
      const isMistake = !request.asked && request.about !== '';
      if (isMistake && json) throw new UsageError(`caas ${request.about} needs a subcommand.`, 'unknown_command');
      print(helpOf(request.about, COMMANDS, GROUPS), null, false);
      return isMistake ? EXIT.usage : 0;
    }
    const answer = await perform(request.command, request.input);
    print(answer.lines.join('\n'), answer.data, json);
    return Number(answer.failed ?? 0);
  } catch (error) {
    return complain(error, wantsJson(argv));
  }
}

async function perform({ parts, load }: Command, input: Input): Promise<Answer> {
  const action = await load();
  if (parts === 'nothing') return action(input as never, (await import('./sessions/without-app.js')).withoutApp());
  const { withApp } = await import('./sessions/with-app.js');
  return withApp(parts, (session) => action(input as never, session));
}

function print(text: string, data: unknown, json: boolean): number {
  if (json) console.log(JSON.stringify(data, null, 2));
  else if (text !== '') console.log(text);
  return 0;
}

/** What an error says to people, and with `--json` in the fields of the API's problems. */
async function complain(error: unknown, json: boolean): Promise<number> {
  const { problemOf } = error instanceof UsageError ? { problemOf: usageProblem } : await import('./problem.js');
  const { exit, ...problem } = problemOf(error as UsageError);
  console.error(json ? JSON.stringify(problem, null, 2) : `caas: ${problem.detail}`);
  return exit;
}

const usageProblem = ({ code, message }: UsageError) => ({ code, detail: message, exit: EXIT.usage });

function version(): string {
  // From `dist/apps/cli/src` and from `apps/cli/src`.
  for (const up of ['../../../..', '../../..']) {
    try {
      return (JSON.parse(readFileSync(join(__dirname, up, 'package.json'), 'utf8')) as { version: string }).version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}
