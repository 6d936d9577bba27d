/** One environment variable: how its text becomes a value, and its description for the README's table. */
export interface Entry<T> {
  readonly doc: string;
  /** Null: may be missing. Undefined: must be given. */
  readonly fallback: T | undefined;
  /** Shown in the table instead of the fallback's value. */
  readonly fallbackText: string;
  /** The part of a refused value that may be shown; null: nothing. */
  readonly show: (text: string) => string | null;
  /** Whether a missing value is a problem in production, although there is a replacement for it. */
  readonly requiredInProduction?: boolean;
  /** @throws Error whose message ends the sentence "<NAME> …" */
  parse(text: string): T;
}

type Options<T> = { default?: T; doc: string };

export const text = (options: Options<string>): Entry<string> => entry(options, (value) => value);

/** Never shown, neither in a problem nor in the table. */
export const secret = (options: { doc: string; minLength?: number }): Entry<string> => ({
  ...entry<string>(options, (value) => {
    const minLength = options.minLength ?? 1;
    if (value.length < minLength) throw new Error(`must have at least ${minLength} characters`);
    return value;
  }),
  show: () => null,
});

export const integer = (options: Options<number> & { min: number; max: number }): Entry<number> =>
  entry(options, (value) => {
    const number = /^-?\d{1,15}$/.test(value) ? Number(value) : NaN;
    if (number >= options.min && number <= options.max) return number;
    throw new Error(`must be a whole number from ${options.min} to ${options.max}`);
  });

export const port = (options: Options<number>): Entry<number> => integer({ ...options, min: 0, max: 65_535 });

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `250ms`, `10s`, `5m`, `2h`, `30d`; the value is in milliseconds. `default` is written the same way. */
export const duration = (options: Options<string>): Entry<number> => {
  const parse = (value: string): number => {
    const [, amount, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(value) ?? [];
    if (amount === undefined) throw new Error('must be a duration such as 250ms, 10s, 5m, 2h or 30d');
    return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
  };
  const fallback = options.default === undefined ? undefined : parse(options.default);
  return { ...entry({ doc: options.doc, default: fallback }, parse), fallbackText: options.default ?? '' };
};

export const flag = (options: Options<boolean>): Entry<boolean> =>
  entry(options, (value) => {
    if (/^(true|1|on|yes)$/i.test(value)) return true;
    if (/^(false|0|off|no)$/i.test(value)) return false;
    throw new Error('must be true or false');
  });

export const choice = <const T extends string>(choices: readonly T[], options: Options<T>): Entry<T> =>
  entry(options, (value) => {
    if ((choices as readonly string[]).includes(value)) return value as T;
    throw new Error(`must be one of ${choices.join(', ')}`);
  });

/** A URL of one of `protocols`. A refused URL is shown only if it cannot contain a user and password. */
export const url = (protocols: string[], options: Options<string>): Entry<string> => ({
  ...entry(options, (value) => {
    const scheme = /^([a-z0-9+]+):\/\/[^\s/]\S*$/.exec(value)?.[1];
    if (scheme !== undefined && protocols.includes(scheme)) return value;
    throw new Error(`must be a URL that begins with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`);
  }),
  show: (value) => (/[@?]/.test(value) ? null : value),
});

/** An entry that may be missing. */
export const optional = <T>(wrapped: Entry<T>): Entry<T | null> => ({
  ...wrapped,
  fallback: wrapped.fallback ?? null,
  parse: (value) => wrapped.parse(value),
});

/** An entry that may be missing, but not in production. */
export const requiredInProduction = <T>(wrapped: Entry<T>): Entry<T | null> => ({
  ...optional(wrapped),
  requiredInProduction: true,
});

function entry<T>(options: Options<T>, parse: (text: string) => T): Entry<T> {
  const fallbackText = options.default === undefined ? '' : String(options.default);
  return { doc: options.doc, fallback: options.default, fallbackText, show: (value) => value, parse };
}
