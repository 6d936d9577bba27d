import { parseArgs } from 'node:util';
import type { Command, Input } from './command';
import { UsageError } from './errors';
import type { Option } from './values';

export type Request =
  | { kind: 'version' }
  | { kind: 'help'; about: string; asked: boolean }
  | { kind: 'run'; command: Command; input: Input };

export interface Parsed {
  json: boolean;
  request: Request;
}

const EVERYWHERE = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
} as const;

export const wantsJson = (argv: string[]): boolean => argv.includes('--json');

/**
 * The command is the first words; its options may stand anywhere after them. An option's value is everything after the first `=`,
 * or the next word.
 * @throws UsageError
 */
export function parse(argv: string[], commands: readonly Command[]): Parsed {
  const at = argv.findIndex((word) => !word.startsWith('-'));
  const [before, after] = at < 0 ? [argv, []] : [argv.slice(0, at), argv.slice(at)];
  const everywhere = beforeCommand(before);
  const json = wantsJson(argv);
  if (everywhere.values.version) return { json, request: { kind: 'version' } };
  if (after.length === 0 || everywhere.values.help) return { json, request: help(after, commands, true) };
  if (after[0] === 'help') return { json, request: help(after.slice(1), commands, true) };

  const command = commandOf(after, commands);
  if (!command) {
    const asked = after.some((word) => word === '--help' || word === '-h');
    const options = after.findIndex((word) => word.startsWith('-'));
    const words = options < 0 ? after : after.slice(0, options);
    return { json, request: help(words.slice(0, 2), commands, asked) };
  }
  return { json, request: read(command, after.slice(command.path.split(' ').length)) };
}

function beforeCommand(args: string[]) {
  try {
    return parseArgs({ args, options: EVERYWHERE, strict: true, allowPositionals: false });
  } catch {
    const known = Object.keys(EVERYWHERE).map((name) => `--${name}`);
    throw new UsageError(`Before the command stand ${known.join(', ')} only, not ${args.join(' ')}.`, 'unknown_option');
  }
}

function commandOf(words: string[], commands: readonly Command[]): Command | undefined {
  return [2, 1]
    .map((length) => words.slice(0, length).join(' '))
    .flatMap((path) => commands.filter((each) => each.path === path))
    .at(0);
}

/** @throws UsageError when there is neither such a command nor such a group */
function help(words: string[], commands: readonly Command[], asked: boolean): Request {
  const about = words.filter((word) => !word.startsWith('-')).join(' ');
  const isKnown = about === '' || commands.some(({ path }) => path === about || path.split(' ')[0] === about);
  if (isKnown) return { kind: 'help', about, asked };
  const group = about.split(' ')[0]!;
  const others = commands.filter(({ path }) => path.startsWith(`${group} `)).map(({ path }) => path);
  const there = others.length > 0 ? others : [...new Set(commands.map(({ path }) => path.split(' ')[0]!))];
  throw new UsageError(`There is no command "${about}". There is: ${there.join(', ')}.`, 'unknown_command');
}

function read(command: Command, args: string[]): Request {
  const { values, positionals, tokens } = strictly(command, args);
  if (values.help) return { kind: 'help', about: command.path, asked: true };
  if (values.version) return { kind: 'version' };
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (seen.has(token.name)) throw new UsageError(`--${token.name} is given twice.`);
    seen.add(token.name);
  }
  return { kind: 'run', command, input: { words: wordsOf(command, positionals), options: optionsOf(command, values) } };
}

type Values = Record<string, string | boolean | undefined>;

function strictly(command: Command, args: string[]) {
  const own = Object.entries(command.options).map(([name, { value }]) => {
    return [name, { type: value === null ? 'boolean' : 'string' }] as const;
  });
  const options = { ...Object.fromEntries(own), ...EVERYWHERE };
  try {
    return parseArgs({ args, options, strict: true, allowPositionals: true, tokens: true }) as {
      values: Values;
      positionals: string[];
      tokens: { kind: string; name: string }[];
    };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    const name = /'(-[^ '=]*)/.exec(message)?.[1] ?? '';
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
      throw new UsageError(
        `caas ${command.path} has no option ${name}. It takes ${listOf(command)}.`,
        'unknown_option',
      );
    }
    throw new UsageError(`${message.split('\n')[0]!.replace(/\.?$/, '.')}`);
  }
}

const listOf = ({ options }: Command): string =>
  [...Object.keys(options), ...Object.keys(EVERYWHERE)].map((name) => `--${name}`).join(', ');

function wordsOf({ path, words }: Command, given: string[]): Input['words'] {
  const names = Object.keys(words);
  if (given.length > names.length) {
    throw new UsageError(
      `caas ${path} takes ${names.length} words after it, not "${given.slice(names.length).join(' ')}".`,
    );
  }
  return Object.fromEntries(
    names.map((name, at) => {
      const text = given[at];
      if (text === undefined) throw new UsageError(`<${words[name]!.placeholder}> is missing: ${words[name]!.doc}.`);
      return [name, readAs(`<${words[name]!.placeholder}>`, () => words[name]!.parse(text))];
    }),
  );
}

function optionsOf({ options }: Command, values: Values): Input['options'] {
  return Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, optionOf(name, option, values[name])]),
  );
}

function optionOf(name: string, option: Option<unknown>, given: string | boolean | undefined): unknown {
  if (option.value === null) return given === true;
  if (typeof given === 'string') return readAs(`--${name}`, () => option.value!.parse(given));
  if (option.isRequired) throw new UsageError(`--${name} <${option.value.placeholder}> is missing: ${option.doc}.`);
  return undefined;
}

function readAs(name: string, parseValue: () => unknown): unknown {
  try {
    return parseValue();
  } catch (error) {
    if (error instanceof UsageError) throw new UsageError(`${name} ${error.message}.`, 'invalid_value');
    throw error;
  }
}
