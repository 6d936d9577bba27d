import type { INestApplicationContext } from '@nestjs/common';
import type { RequestContext, TenantId } from '#caas/kernel';
import type { OperatorContext } from '#caas/access';
import type { Option, Value } from './values';

/** What a command answers: lines for people, and the same as data for `--json`. */
export interface Answer {
  data: unknown;
  lines: string[];
  /** What was looked at is not as it should be, or not all could be done: the process ends with 1 (or with this). */
  failed?: boolean | number;
}

/** How much of the service a command loads: less starts sooner. */
export type Parts = 'nothing' | 'control plane' | 'everything';

type Words = Record<string, Value<unknown>>;
type Options = Record<string, Option<unknown>>;

/** What a command is called and takes. It loads nothing: what it does is in `actions/`, and loaded when it is run. */
export interface CommandSpec<W extends Words = Words, O extends Options = Options> {
  /** As it is typed: `tenants create`. */
  readonly path: string;
  /** In the help, after the path. */
  readonly does: string;
  readonly parts: Parts;
  /** By position, all of them required. */
  readonly words: W;
  readonly options: O;
}

export interface Input<W extends Words = Words, O extends Options = Options> {
  words: { [K in keyof W]: W[K] extends Value<infer T> ? T : never };
  options: { [K in keyof O]: O[K] extends Option<infer T> ? T : never };
}
export type InputOf<S> = S extends CommandSpec<infer W, infer O> ? Input<W, O> : never;

/** What an action works with. */
export interface Session {
  readonly operator: OperatorContext;
  /** Only for a command with parts. */
  readonly app: INestApplicationContext;
  /** A line for who waits; not kept, and not part of the answer. */
  progress(line: string): void;
  /** @throws CaasError `tenant_not_found` */
  contextOf(tenantId: TenantId): Promise<RequestContext>;
}

export type Action<I = never> = (input: I, session: Session) => Promise<Answer>;

/** A command, and where to load what it does. */
export interface Command extends CommandSpec {
  load(): Promise<Action>;
}

export const command = <const W extends Words, const O extends Options>(spec: CommandSpec<W, O>): CommandSpec<W, O> =>
  spec;

export function bind<W extends Words, O extends Options>(
  spec: CommandSpec<W, O>,
  load: () => Promise<Action<Input<W, O>>>,
): Command {
  return { ...spec, load } as Command;
}
