import type { Command } from './command';
import type { Option } from './values';

const WIDTH = 80;
const INDENT = 2;
const GAP = 2;
/** What a name may take of the line before what it means goes below it. */
const WIDEST_NAME = 30;

/** A blank at which no line ends. */
const TOGETHER = '\u00a0';

const GENERAL: [string, string][] = [
  ['--json', 'the answer, or the error, as JSON'],
  ['-h, --help', 'this help; of a group, of a command'],
  ['-V, --version', 'the version of CaaS'],
];

/** The help of everything, of a group or of one command, at 80 columns. */
export function helpOf(about: string, commands: readonly Command[], groups: Record<string, string>): string {
  const command = commands.find(({ path }) => path === about);
  if (command) return commandHelp(command);
  if (about !== '') return groupHelp(about, commands, groups);
  const rows = Object.entries(groups).map(([name, does]): [string, string] => [name, does]);
  return [
    'The command line of CaaS, for operators.',
    '',
    ...usage('caas <command> [<subcommand>] [options]'),
    '',
    'Commands:',
    ...table(rows),
    '',
    'Everywhere:',
    ...table(GENERAL),
    '',
    ...wrapped(
      'Ends with 0 when all is well, 1 when something failed or is not as it should be, 2 when the command was written wrong or names what is not there: nothing is touched then.',
      0,
    ),
  ].join('\n');
}

function groupHelp(group: string, commands: readonly Command[], groups: Record<string, string>): string {
  const own = commands.filter(({ path }) => path.split(' ')[0] === group);
  const rows = own.map((command): [string, string] => [signature(command).slice(group.length + 1), command.does]);
  return [
    ...wrapped(`${groups[group]!}.`, 0),
    '',
    ...usage(`caas ${group} <subcommand> [options]`),
    '',
    'Subcommands:',
    ...table(rows),
    '',
    ...wrapped(`The options of one: caas ${group} <subcommand> --help`, 0),
  ].join('\n');
}

function commandHelp(command: Command): string {
  const words = Object.values(command.words).map(({ placeholder, doc }): [string, string] => [`<${placeholder}>`, doc]);
  const options = Object.entries(command.options).map(([name, option]): [string, string] => [
    optionText(name, option),
    `${option.doc}${option.isRequired ? ' (required)' : ''}`,
  ]);
  const shown = Object.entries(command.options)
    .map(([name, option]) => (option.isRequired ? optionText(name, option) : `[${optionText(name, option)}]`))
    .join(' ');
  return [
    ...wrapped(`${command.does[0]!.toUpperCase()}${command.does.slice(1)}.`, 0),
    '',
    ...usage(`caas ${signature(command)} ${shown}`.trimEnd()),
    ...(words.length > 0 ? ['', 'Words:', ...table(words)] : []),
    '',
    'Options:',
    ...table([...options, ...GENERAL.slice(0, 2)]),
  ].join('\n');
}

const signature = ({ path, words }: Command): string =>
  [path, ...Object.values(words).map(({ placeholder }) => `<${placeholder}>`)].join(' ');

const optionText = (name: string, { value }: Option<unknown>): string =>
  value === null ? `--${name}` : `--${name}${TOGETHER}<${value.placeholder}>`;

const usage = (line: string): string[] => ['Usage:', ...wrapped(line, INDENT, INDENT + 4)];

function table(rows: [string, string][]): string[] {
  const width = Math.min(WIDEST_NAME, Math.max(...rows.map(([name]) => name.length)));
  const column = INDENT + width + GAP;
  return rows.flatMap(([name, meaning]) => {
    const lines = wrapped(meaning, column);
    if (name.length > width) return [...wrapped(name, INDENT, INDENT + 4), ...lines];
    return [`${' '.repeat(INDENT)}${name.padEnd(width + GAP)}${lines[0]!.trimStart()}`, ...lines.slice(1)];
  });
}

/** Lines of at most 80 columns, each after `indent` blanks, those after the first after `hanging`. */
function wrapped(text: string, indent: number, hanging = indent): string[] {
  const lines: string[] = [];
  let line = ' '.repeat(indent);
  for (const word of text.split(' ')) {
    const isStart = line.trim() === '';
    if (!isStart && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = `${' '.repeat(hanging)}${word}`;
    } else line += isStart ? word : ` ${word}`;
  }
  return [...lines, line].map((each) => each.replaceAll(TOGETHER, ' '));
}
