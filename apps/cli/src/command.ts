import type { INestApplicationContext } from '@nestjs/common';
import type { OperatorContext } from '#caas/access';

/** What a command answers: lines for people, and the same as data for `--json`. */
export interface Answer {
  data: unknown;
  lines: string[];
}

export interface Arguments {
  /** Words after the command. */
  words: string[];
  /** `--name value`, and `true` for a bare `--name`. */
  options: Record<string, string | true>;
}

export interface Command {
  /** As it is typed, with its arguments: `tenants show <id>`. */
  usage: string;
  does: string;
  /** @throws UsageError, CaasError */
  run(app: INestApplicationContext, parameters: Arguments): Promise<Answer>;
}

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const OPERATOR: OperatorContext = { name: 'cli', requestId: 'cli' };

export function word({ words }: Arguments, at: number, name: string): string {
  const value = words[at];
  if (value === undefined) throw new UsageError(`<${name}> is missing`);
  return value;
}

export function option({ options }: Arguments, name: string): string | undefined {
  const value = options[name];
  if (value === true) throw new UsageError(`--${name} wants a value`);
  return value;
}
