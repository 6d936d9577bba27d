import type { Command } from './command';

export const SHELLS = ['bash', 'zsh'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script for the shell: commands, their options, and the values of those that have few. */
export function completionScript(shell: Shell, commands: readonly Command[]): string {
  const script = bash(commands);
  // zsh runs completions of bash by a part of its own.
  return shell === 'bash' ? script : `autoload -Uz compinit bashcompinit && compinit && bashcompinit\n${script}`;
}

function bash(commands: readonly Command[]): string {
  const groups = new Map<string, string[]>();
  for (const { path } of commands) {
    const [group, verb] = path.split(' ') as [string, string | undefined];
    groups.set(group, [...(groups.get(group) ?? []), ...(verb === undefined ? [] : [verb])]);
  }
  const alone = [...groups].filter(([, own]) => own.length === 0).map(([group]) => group);
  const verbs = [...groups].map(([group, own]) => `    "${group}") candidates="${own.join(' ')}" ;;`);
  const options = commands.map(({ path, options: own }) => {
    const names = [...Object.keys(own), 'json', 'help'].map((name) => `--${name}`);
    return `    "${path}"|"${path} "*) candidates="${names.join(' ')}" ;;`;
  });
  const values = commands.flatMap(({ path, options: own }) =>
    Object.entries(own).flatMap(([name, { value }]) =>
      value?.choices ? [`    "${path} --${name}") candidates="${value.choices.join(' ')}" ;;`] : [],
    ),
  );
  const places = commands.flatMap(({ path, words }) => {
    const first = Object.values(words).findIndex(({ choices }) => choices);
    return first < 0
      ? []
      : [`    "${path}:${first}") candidates="${Object.values(words)[first]!.choices!.join(' ')}" ;;`];
  });
  return `# caas, completed: source this file, or put it where your shell looks for completions.
_caas() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" candidates=""
  local command="\${COMP_WORDS[1]}" route="\${COMP_WORDS[1]}" at=$((COMP_CWORD - 2))
  case "$command" in
    ${alone.join('|')}) ;;
    *) route="$command \${COMP_WORDS[2]}" at=$((COMP_CWORD - 3)) ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    candidates="${[...groups.keys()].join(' ')} help --help --version"
  elif [ "$COMP_CWORD" -eq 2 ] && [ "$route" != "$command" ]; then
    case "$command" in
${verbs.join('\n')}
    esac
  else
    case "$route" in
${options.join('\n')}
    esac
    if [[ "$current" != -* ]]; then
      case "$route:$at" in
${places.join('\n')}
      esac
    fi
    case "$route $previous" in
${values.join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}
complete -F _caas caas
`;
}
