import { isWithin, TIERS, type Tier } from '#caas/kernel';

/** One value for all tiers, or one for each. */
export type ByTier<T> = T | Readonly<Record<Tier, T>>;

/** One thing a tenant may set: its default, what it may be, and what it is for. */
export interface SettingEntry<T> {
  readonly doc: string;
  readonly type: string;
  readonly fallback: (tier: Tier) => T;
  /** @returns what is wrong with the value, to be appended to the setting's name; null when it is valid */
  problem(value: unknown, tier: Tier): string | null;
  /** The effective value on this tier: limited to its ceiling, which a change of tier may have lowered. */
  onTier(value: T, tier: Tier): T;
  /** For the schema that clients may read. */
  readonly describe: (tier: Tier) => Record<string, unknown>;
  /** What an operator may grant to one tenant; absent where nothing is granted. */
  readonly grants?: {
    /** @returns what is wrong with a grant; null when nothing is */
    problem(value: unknown): string | null;
    /** The setting of a tenant that was granted this: its ceiling and default on every tier. */
    granted(value: T): SettingEntry<T>;
  };
}

interface IntegerOptions {
  default: ByTier<number>;
  min: number;
  /** The most a tenant of this tier may set. */
  max: ByTier<number>;
  /** The most an operator may grant instead; if absent, the tier's ceiling cannot be raised. */
  mostGranted?: number;
  doc: string;
}

export function integerSetting(options: IntegerOptions): SettingEntry<number> {
  const { default: fallback, min, max, mostGranted, doc } = options;
  const most = of(max);
  const isGrant = (value: unknown) => Number.isSafeInteger(value) && between(value as number, min, mostGranted ?? 0);
  const grants: SettingEntry<number>['grants'] = {
    problem: (value) => (isGrant(value) ? null : `must be a whole number from ${min} to ${mostGranted}`),
    granted: (value) => integerSetting({ default: value, min, max: value, doc }),
  };
  return {
    ...(mostGranted === undefined ? {} : { grants }),
    doc,
    type: 'integer',
    fallback: of(fallback),
    problem: (value, tier) =>
      Number.isSafeInteger(value) && between(value as number, min, most(tier))
        ? null
        : `must be a whole number from ${min} to ${most(tier)} on the tier ${tier}`,
    onTier: (value, tier) => Math.min(value, most(tier)),
    describe: (tier) => ({ minimum: min, maximum: most(tier) }),
  };
}

/** A whole number, or null. Only the default can be null: null in a change restores the default. */
export function nullableIntegerSetting({
  default: fallback,
  ...options
}: Omit<IntegerOptions, 'default'> & { default: ByTier<number | null> }): SettingEntry<number | null> {
  const { onTier, ...entry } = integerSetting({ ...options, default: options.min });
  return {
    ...entry,
    fallback: of(fallback),
    onTier: (value, tier) => (value === null ? null : onTier(value, tier)),
  };
}

export function flagSetting({
  default: fallback,
  doc,
}: {
  default: ByTier<boolean>;
  doc: string;
}): SettingEntry<boolean> {
  return {
    doc,
    type: 'boolean',
    fallback: of(fallback),
    problem: (value) => (typeof value === 'boolean' ? null : 'must be true or false'),
    onTier: (value) => value,
    describe: () => ({}),
  };
}

interface ListOptions {
  default: ByTier<readonly string[]>;
  maxItems: number;
  /** Of an item, in code points. */
  maxLength: number;
  /** @returns what is wrong with one item; null when nothing is */
  item?: (value: string) => string | null;
  /** Checks the whole list, after its items passed. */
  all?: (values: readonly string[]) => string | null;
  doc: string;
}

/** A list of distinct texts. */
export function listSetting({
  default: fallback,
  maxItems,
  maxLength,
  item = () => null,
  all = () => null,
  doc,
}: ListOptions): SettingEntry<readonly string[]> {
  const itemProblem = (value: unknown): string | null =>
    isText(value, maxLength) ? item(value) : `must have items of 1 to ${maxLength} characters`;
  return {
    doc,
    type: 'array',
    fallback: of(fallback),
    problem: (value) => {
      if (!Array.isArray(value) || value.length > maxItems) return `must be a list of at most ${maxItems}`;
      if (new Set(value).size < value.length) return 'must not have the same item twice';
      for (const each of value) {
        const problem = itemProblem(each);
        if (problem !== null) return problem;
      }
      return all(value as string[]);
    },
    onTier: (value) => value,
    describe: () => ({ max_items: maxItems, max_length: maxLength }),
  };
}

export function choiceSetting<const T extends string>(
  choices: readonly T[],
  { default: fallback, doc }: { default: ByTier<T>; doc: string },
): SettingEntry<T> {
  return {
    doc,
    type: 'string',
    fallback: of(fallback),
    problem: (value) => (choices.includes(value as T) ? null : `must be one of ${choices.join(', ')}`),
    onTier: (value) => value,
    describe: () => ({ enum: choices }),
  };
}

const between = (value: number, min: number, max: number) => value >= min && value <= max;

/** Rejects text that the engine would not return unchanged. */
const isText = (value: unknown, maxLength: number): value is string =>
  typeof value === 'string' &&
  value.length > 0 &&
  isWithin(value, maxLength) &&
  value.isWellFormed() &&
  !value.includes('\0');

/** Either one value for all, or a record with exactly the tiers as its keys. */
function of<T>(value: ByTier<T>): (tier: Tier) => T {
  const isByTier = typeof value === 'object' && value !== null && TIERS.every((tier) => tier in value);
  return isByTier ? (tier) => (value as Record<Tier, T>)[tier] : () => value as T;
}
