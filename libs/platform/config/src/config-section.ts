import type { Entry } from './entries';

type Entries = Record<string, Entry<unknown>>;
type ValuesOf<E> = { readonly [K in keyof E]: E[K] extends Entry<infer T> ? T : never };

/** The part of the configuration that one library owns. */
export interface ConfigSection<E extends Entries = Entries> {
  readonly name: string;
  readonly entries: E;
  /** Checks that involve several entries; returns the problems in plain words. */
  check(values: ValuesOf<E>): string[];
}

/** The values of a section, by the names of the environment. */
export type ConfigOf<S> = S extends ConfigSection<infer E> ? ValuesOf<E> : never;

/** The environment of a process; an empty text counts as not set. */
export type Environment = Readonly<Record<string, string | undefined>>;

export function configSection<E extends Entries>(
  name: string,
  entries: E,
  check: (values: ValuesOf<E>) => string[] = () => [],
): ConfigSection<E> {
  return { name, entries, check };
}

/** All problems of the environment in one error. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';

  constructor(readonly problems: string[]) {
    super(
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n  ${problems.join('\n  ')}`,
    );
  }
}

/**
 * Reads the sections out of an environment.
 * @throws ConfigurationError naming every problem
 */
export function readSections(
  sections: readonly ConfigSection[],
  environment: Environment,
): Map<string, Record<string, unknown>> {
  const isProduction = environment['NODE_ENV'] === 'production';
  const problems: string[] = [];
  const read = new Map<string, Record<string, unknown>>();
  for (const section of sections) {
    if (read.has(section.name)) throw new Error(`Two configuration sections are named "${section.name}".`);
    const values: Record<string, unknown> = {};
    const before = problems.length;
    for (const [name, entry] of Object.entries(section.entries)) {
      const problem = readEntry(name, entry, environment[name], isProduction, values);
      if (problem) problems.push(problem);
    }
    if (problems.length === before) problems.push(...section.check(values));
    read.set(section.name, values);
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
  return read;
}

/** Reads one section alone, for programs that are no Nest application. @throws ConfigurationError */
export function readSection<E extends Entries>(section: ConfigSection<E>, environment: Environment): ValuesOf<E> {
  return readSections([section], environment).get(section.name) as ValuesOf<E>;
}

function readEntry(
  name: string,
  entry: Entry<unknown>,
  given: string | undefined,
  isProduction: boolean,
  values: Record<string, unknown>,
): string | null {
  if (given === undefined || given === '') {
    values[name] = entry.fallback;
    if (entry.requiredInProduction && isProduction) return `${name} is not set; production does not make one up`;
    return entry.fallback === undefined ? `${name} is not set: ${entry.doc}` : null;
  }
  try {
    values[name] = entry.parse(given);
    return null;
  } catch (error) {
    const shown = entry.show(given);
    return `${name} ${(error as Error).message}${shown === null ? '' : `, not "${shown.slice(0, 100)}"`}`;
  }
}
