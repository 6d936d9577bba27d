import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import { CaasError } from '#caas/kernel';
import { ConfigurationError, processEnvironment, type Environment } from '#caas/platform/config';
import { UsageError, type Arguments, type Command } from './command';
import { archiveCommands } from './commands/archive';
import { keyCommands } from './commands/keys';
import { mediaCommands } from './commands/media';
import { messagingCommands } from './commands/messaging';
import { operationCommands } from './commands/operations';
import { tenantCommands } from './commands/tenants';
import { usageCommands } from './commands/usage';

const COMMANDS: Command[] = [
  ...tenantCommands,
  ...keyCommands,
  ...messagingCommands,
  ...archiveCommands,
  ...mediaCommands,
  ...usageCommands,
  ...operationCommands,
];

/** Runs one command and prints what comes of it. @returns the code for the process to end with */
export async function run(argv: string[]): Promise<number> {
  try {
    await perform(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    const told = error instanceof CaasError || error instanceof UsageError || error instanceof ConfigurationError;
    console.error(told ? error.message : `Failed: ${(error as Error).message}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

async function perform(argv: string[]): Promise<void> {
  const { name, parameters } = read(argv);
  const command = COMMANDS.find(({ usage }) => usage === name || usage.startsWith(`${name} `));
  if (!command || parameters.options.help === true) return help(command, name);
  requireKnown(command, parameters);
  const { AppModule } = await import('./app.module.js');
  const app = await NestFactory.createApplicationContext(AppModule.with(environment()), {
    logger: false,
    abortOnError: false,
  });
  try {
    const { data, lines } = await command.run(app, parameters);
    console.log(parameters.options.json === true ? JSON.stringify(data, null, 2) : lines.join('\n'));
  } finally {
    await app.close();
  }
}

/** The command is its first two words (one for `doctor`); `--name value` and `--name` may stand anywhere. */
function read(argv: string[]): { name: string; parameters: Arguments } {
  const words: string[] = [];
  const options: Record<string, string | true> = {};
  for (let at = 0; at < argv.length; at += 1) {
    const part = argv[at]!;
    if (!part.startsWith('--')) {
      words.push(part);
      continue;
    }
    const [option, inline] = part.slice(2).split('=', 2) as [string, string | undefined];
    const next = argv[at + 1];
    if (inline !== undefined) options[option] = inline;
    else if (['json', 'help', 'yes', 'off'].includes(option) || next === undefined || next.startsWith('--'))
      options[option] = true;
    else {
      options[option] = next;
      at += 1;
    }
  }
  const length = COMMANDS.some(({ usage }) => usage.split(' ')[0] === words[0] && /^\w+$/.test(usage)) ? 1 : 2;
  return { name: words.slice(0, length).join(' '), parameters: { words: words.slice(length), options } };
}

/** A mistyped option must not widen what a command is about. @throws UsageError */
function requireKnown({ usage }: Command, { options }: Arguments): void {
  const known = new Set(['json', 'help', ...[...usage.matchAll(/--([a-z-]+)/g)].map(([, name]) => name)]);
  const unknown = Object.keys(options).find((option) => !known.has(option));
  if (unknown !== undefined) throw new UsageError(`there is no option --${unknown} here: ${usage}`);
}

function help(command: Command | undefined, name: string): void {
  if (!command && name !== '' && name !== 'help') {
    console.error(`There is no command "${name}".\n`);
    process.exitCode = 2;
  }
  const shown = command ? [command] : COMMANDS;
  const width = Math.max(...shown.map(({ usage }) => usage.length)) + 2;
  console.log('npm run caas -- <command> [--json]\n');
  for (const { usage, does } of shown) console.log(`  ${usage.padEnd(width)}${does}`);
}

/** The environment, and what `DATA_DIR/stack.json` says of a running system where the environment is silent. */
function environment(): Environment {
  const given = processEnvironment();
  const stack = runningStack(given.DATA_DIR || '.data');
  return {
    ...given,
    MONGODB_URI: given.MONGODB_URI || stack?.mongodb_uri,
    REDIS_URL: given.REDIS_URL || stack?.redis_url,
    LOG_LEVEL: 'silent',
  };
}

function runningStack(dataDir: string): { mongodb_uri?: string; redis_url?: string } | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'stack.json'), 'utf8')) as { mongodb_uri?: string };
  } catch {
    return null;
  }
}
