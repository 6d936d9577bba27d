/** Fields of answers that are secrets, tokens or keys, wherever they stand. */
export const isSecretField = (name: string): boolean =>
  /^(code|url)$|(^|_)(secret|token|keys?|prekeys?|signature|password)$/.test(name);

/** Values that no client may find in a cache, whatever their field is called: server keys, JWTs, signed links. */
const SECRET_VALUE = /^sk_[a-z0-9]{12}_|^eyJ[\w-]+\.eyJ[\w-]+\.|[?&]signature=/;

/** The path of the first secret in a body; null when there is none. */
export function secretIn(body: unknown, path = ''): string | null {
  if (typeof body === 'string') return SECRET_VALUE.test(body) ? path : null;
  if (typeof body !== 'object' || body === null) return null;
  for (const [name, value] of Object.entries(body)) {
    // What tenants and users make up themselves.
    if (name === 'metadata' || name === 'text') continue;
    const found = secretIn(value, `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

/** @throws Error when an answer with a secret may be kept by a cache */
export function assertNotStored(what: string, { status, headers }: Response, body: unknown): void {
  const secret = status < 300 ? secretIn(body) : null;
  if (secret === null || /\bno-store\b/.test(headers.get('cache-control') ?? '')) return;
  throw new Error(`${what} answers a secret at ${secret} without Cache-Control: no-store`);
}
