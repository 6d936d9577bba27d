import type { Command } from './command';

export const SHELLS = ['bash', 'zsh'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script for the shell: commands, their options, and the values of those that have few. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const script = bash(commands);
  // zsh runs completions of bash by a part of its own.
  return shell === 'bash' ? script : `autoload -Uz bashcompinit && bashcompinit\n${script}`;
}

function bash(commands: readonly Command[]): string {
  const groups = new Map<string, string[]>();
  for (const { path } of commands) {
    const [group, verb] = path.split(' ') as [string, string | undefined];
    groups.set(group, [...(groups.get(group) ?? []), ...(verb === undefined ? [] : [verb])]);
  }
  const alone = [...groups].filter(([, own]) => own.length === 0).map(([group]) => group);
  const verbs = [...groups].map(([group, own]) => `    "${group}") words="${own.join(' ')}" ;;`);
  const options = commands.map(({ path, options: own }) => {
    const names = [...Object.keys(own), 'json', 'help'].map((name) => `--${name}`);
    return `    "${path}"|"${path} "*) words="${names.join(' ')}" ;;`;
  });
  const values = commands.flatMap(({ path, options: own }) =>
    Object.entries(own).flatMap(([name, { value }]) =>
      value?.choices ? [`    "${path} --${name}") words="${value.choices.join(' ')}" ;;`] : [],
    ),
  );
  const places = commands.flatMap(({ path, words }) => {
    const first = Object.values(words).findIndex(({ choices }) => choices);
    return first < 0 ? [] : [`    "${path}:${first}") words="${Object.values(words)[first]!.choices!.join(' ')}" ;;`];
  });
  return `# caas, completed: source this file, or put it where your shell looks for completions.
_caas() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  local command="\${COMP_WORDS[1]}" path="\${COMP_WORDS[1]}" at=$((COMP_CWORD - 2))
  case "$command" in
    ${alone.join('|')}) ;;
    *) path="$command \${COMP_WORDS[2]}" at=$((COMP_CWORD - 3)) ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="${[...groups.keys()].join(' ')} help --help --version"
  elif [ "$COMP_CWORD" -eq 2 ] && [ "$path" != "$command" ]; then
    case "$command" in
${verbs.join('\n')}
    esac
  else
    case "$path" in
${options.join('\n')}
    esac
    if [[ "$current" != -* ]]; then
      case "$path:$at" in
${places.join('\n')}
      esac
    fi
    case "$path $previous" in
${values.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _caas caas
`;
}
