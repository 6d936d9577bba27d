import { isObjectIdHex, isTenantId, type TenantId } from '#caas/kernel';
import { UsageError } from './errors';

/** How one value of a command is written in the help, and how its text is read. */
export interface Value<T> {
  /** `<id>` in the help is the placeholder `id`. */
  readonly placeholder: string;
  readonly doc: string;
  /** All that it can be, for the help and for completion. */
  readonly choices?: readonly string[];
  /** @throws UsageError whose message ends the sentence "--name …" */
  parse(text: string): T;
}

/** One `--name`. Without a value it is a flag. */
export interface Option<T> {
  readonly value: Value<unknown> | null;
  readonly doc: string;
  readonly isRequired: boolean;
  /** Only in the types: what an action is given. */
  readonly given?: T;
}

export const text = (placeholder: string, doc: string): Value<string> => ({
  placeholder,
  doc,
  parse: (given) => {
    if (given === '') throw new UsageError('is empty');
    return given;
  },
});

export const oneOf = <const T extends string>(choices: readonly T[], doc: string): Value<T> => ({
  placeholder: choices.join('|'),
  doc,
  choices,
  parse: (given) => {
    if ((choices as readonly string[]).includes(given)) return given as T;
    throw new UsageError(`is one of ${choices.join(', ')}, not "${given}"`);
  },
});

export const number = (placeholder: string, doc: string, limits: { min: number; max: number }): Value<number> => ({
  placeholder,
  doc,
  parse: (given) => {
    const value = /^\d{1,15}$/.test(given) ? Number(given) : NaN;
    if (value >= limits.min && value <= limits.max) return value;
    throw new UsageError(`is a whole number from ${limits.min} to ${limits.max}, not "${given}"`);
  },
});

export const tenantId = (doc: string): Value<TenantId> => ({
  placeholder: 'tenant',
  doc,
  parse: (given) => {
    if (isTenantId(given)) return given;
    throw new UsageError(`is a tenant's id, "clnt_" and 6 to 24 of a-z 0-9, not "${given}"`);
  },
});

export const objectId = (placeholder: string, doc: string): Value<string> => ({
  placeholder,
  doc,
  parse: (given) => {
    if (isObjectIdHex(given)) return given;
    throw new UsageError(`is an id of 24 hexadecimal digits, not "${given}"`);
  },
});

export const optional = <T>(value: Value<T>): Option<T | undefined> => ({ value, doc: value.doc, isRequired: false });
export const required = <T>(value: Value<T>): Option<T> => ({ value, doc: value.doc, isRequired: true });
export const flag = (doc: string): Option<boolean> => ({ value: null, doc, isRequired: false });

export const TENANT = required(tenantId('which tenant'));
export const YES = flag('says that this is meant: it cannot be undone');
export const DRY_RUN = flag('says what would be touched, and touches nothing');
