const CENSORED = '[secret]';
const DEEPEST = 8;

/** Names of fields that hold a secret, in any of the ways names are written: `token`, `push_token`, `secretsKey`, `x-api-key`. */
const SECRET_NAME =
  /^(?:proxy-)?authorization$|(?:^|[_-])(?:tokens?|secrets?|password|passphrase|keys?|cookies?|credentials?|database_uri)$|[a-z](?:Token|Secret|Password|Key|Credential)$/i;
const NOT_SECRET = new Set(['idempotency_key', 'job_key']);

/** Secrets inside texts, such as an error's message: the text after the first group is not written. */
const SECRET_TEXT = new RegExp(
  [
    String.raw`(\b(?:Bearer|Basic)\s+)[\w.~+/=-]+`,
    String.raw`(\bsk_[A-Za-z0-9]+_)[\w-]+`,
    String.raw`(\beyJ)[\w-]+\.[\w-]+\.[\w-]*`,
    String.raw`([?&;"'\s](?:[a-z_-]*token|secret|password|key|signature|sig)["']?[=:]\s*["']?)[^&\s"',;]+`,
    String.raw`(\w:\/\/[^\s:/@]*:)[^\s/]+(?=@)`,
  ].join('|'),
  'gi',
);

const known = new Map<string, boolean>();

/** The cache of names is bounded, since names may come from a client's JSON. */
function isSecretName(name: string): boolean {
  let secret = known.get(name);
  if (secret === undefined) {
    secret = SECRET_NAME.test(name) && !NOT_SECRET.has(name);
    if (known.size < 2000) known.set(name, secret);
  }
  return secret;
}

/** A line's fields without secrets, at any depth. Returns `fields` itself when there is nothing to check. */
export function redact(fields: Record<string, unknown>): Record<string, unknown> {
  for (const name in fields) {
    const value = fields[name];
    if (isSecretName(name) || (typeof value === 'object' && value !== null)) return redactObject(fields, 0);
  }
  return fields;
}

function redactObject(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    clean[name] = isSecretName(name) && isWorthHiding(value) ? CENSORED : redactValue(value, depth + 1);
  }
  return clean;
}

const isWorthHiding = (value: unknown) => value !== null && value !== undefined && typeof value !== 'boolean';

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return describeError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth > DEEPEST) return '[too deep]';
  if (Array.isArray(value)) return value.map((entry) => redactValue(entry, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return inOneText(value);
  return redactObject(value as Record<string, unknown>, depth);
}

/** Dates, ids and similar values have `toJSON`. Any other object is written as its name only, since it may contain anything. */
function inOneText(value: object): unknown {
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    const written: unknown = value.toJSON();
    return typeof written === 'object' ? `[${value.constructor.name}]` : written;
  }
  return `[${value.constructor.name}]`;
}

/** An error with its causes. Fields that libraries add to their errors are left out, except for the code. */
export function describeError(error: Error, depth = 0): Record<string, unknown> {
  const { code, cause, fields } = error as { code?: unknown; cause?: unknown; fields?: unknown };
  return {
    type: error.name,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(Array.isArray(fields) && fields.length > 0 ? { fields: redactValue(fields, depth + 1) } : {}),
    ...(cause instanceof Error && depth < DEEPEST ? { cause: describeError(cause, depth + 1) } : {}),
  };
}

/** `text` without the bearer tokens, keys, query tokens and passwords of URLs in it. */
export function redactText(text: string): string {
  return text.replace(SECRET_TEXT, (_match, ...groups: unknown[]) => {
    const kept = groups.slice(0, 5).find((group) => typeof group === 'string') as string;
    return `${kept}${CENSORED}`;
  });
}
