import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Clock } from '#caas/kernel';
import { downloadJwks } from './jwks-download';
import { Jwks } from './jwks';

class MovedClock extends Clock {
  ms = 1_700_000_000_000;
  override now = () => new Date(this.ms);
}

const MINUTE_MS = 60_000;
const published = (kid: string, key: KeyObject, more: object = {}) => ({
  ...key.export({ format: 'jwk' }),
  kid,
  ...more,
});
const ed25519 = () => generateKeyPairSync('ed25519').publicKey;

let server: Server;
let url: string;
let asked: number;
let answer: (response: ServerResponse) => void;
beforeEach(async () => {
  asked = 0;
  server = createServer((_request, response) => {
    asked += 1;
    answer(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`;
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

const waitUntil = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 2));
};
const publish = (...keys: unknown[]) => (answer = (response) => response.end(JSON.stringify({ keys })));

describe('Jwks', () => {
  let clock: MovedClock;
  let jwks: Jwks;
  /** Times that a JWKS could not be read. */
  let unread: number;
  const make = (NODE_ENV: 'development' | 'production') =>
    new Jwks({ NODE_ENV }, clock, { root: { warn: () => (unread += 1) } } as never);
  beforeEach(() => {
    clock = new MovedClock();
    unread = 0;
    jwks = make('development');
  });

  it('asks once for callers who come together', async () => {
    publish(published('a', ed25519()));
    const found = await Promise.all(Array.from({ length: 20 }, () => jwks.find(url, 'a')));
    expect(found.every((key) => key?.algorithm === 'EdDSA')).toBe(true);
    expect(asked).toBe(1);
  });

  it('looks again for an unknown kid, but not more often than every 30 s', async () => {
    publish(published('a', ed25519()));
    await jwks.find(url, 'a');
    publish(published('b', ed25519()));
    for (let forged = 0; forged < 50; forged += 1) expect(await jwks.find(url, `forged-${forged}`)).toBeNull();
    expect(asked).toBe(1);
    clock.ms += 31_000;
    expect(await jwks.find(url, 'b')).toMatchObject({ kid: 'b' });
    expect(asked).toBe(2);
  });

  it('forgets a key that is no longer published within ten minutes', async () => {
    publish(published('a', ed25519()));
    await jwks.find(url, 'a');
    publish();
    clock.ms += 10 * MINUTE_MS;
    expect(await jwks.find(url, 'a')).toBeNull();
  });

  it('keeps the keys it knows while the URL does not answer, for a day', async () => {
    publish(published('a', ed25519()));
    await jwks.find(url, 'a');
    answer = (response) => response.writeHead(500).end();
    clock.ms += 23 * 60 * MINUTE_MS;
    expect(await jwks.find(url, 'a')).toMatchObject({ kid: 'a' });
    await jwks.find(url, 'a');
    expect(asked).toBe(2);
    clock.ms += 2 * 60 * MINUTE_MS;
    expect(await jwks.find(url, 'a')).toBeNull();
  });

  it('makes nobody wait for a key that it knows: it looks ahead, and while the URL is slow or away, beside the calls', async () => {
    publish(published('a', ed25519()));
    await jwks.find(url, 'a');
    const open: ServerResponse[] = [];
    answer = (response) => void open.push(response);
    const asking = (count: number) => waitUntil(() => asked === count && open.length === count - 1);
    clock.ms += 6 * MINUTE_MS;
    expect(await jwks.find(url, 'a')).toMatchObject({ kid: 'a' });
    await asking(2);
    open[0]!.writeHead(500).end();
    await waitUntil(() => unread === 1);
    clock.ms += 20 * MINUTE_MS;
    expect(await jwks.find(url, 'a')).toMatchObject({ kid: 'a' });
    await asking(3);
    open[1]!.end(JSON.stringify({ keys: [] }));
    // It answers again: what it no longer publishes is gone.
    await waitUntil(async () => (await jwks.find(url, 'a')) === null);
  });

  it('lets a thousand wait for one URL, and tells others to come back', async () => {
    const open: ServerResponse[] = [];
    answer = (response) => void open.push(response);
    const waiting = Array.from({ length: 1_000 }, (_, at) => jwks.find(url, `unknown-${at}`));
    const late = { kind: 'unavailable', code: 'unavailable', retryAfterSeconds: 3 };
    await expect(jwks.find(url, 'a')).rejects.toMatchObject(late);
    await waitUntil(() => open.length === 1);
    open[0]!.end(JSON.stringify({ keys: [published('a', ed25519())] }));
    expect(await Promise.all(waiting)).toEqual(Array(1_000).fill(null));
    expect(await jwks.find(url, 'a')).toMatchObject({ kid: 'a' });
    expect(asked).toBe(1);
  });

  it('takes the keys for signatures that it can use, and leaves the others', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    publish(
      published('rsa', rsa.publicKey, { use: 'sig', alg: 'RS256' }),
      published('named', ed25519(), { alg: 'Ed25519' }),
      published('encryption', rsa.publicKey, { use: 'enc' }),
      published('other-algorithm', rsa.publicKey, { alg: 'PS256' }),
      published('weak', weak),
      { kty: 'RSA', n: randomBytes(1_100).toString('base64url'), e: 'AQAB', kid: 'huge' },
      { ...published('slow', rsa.publicKey), e: randomBytes(256).toString('base64url') },
      published('private', rsa.privateKey),
      { kty: 'oct', k: 'c2VjcmV0', kid: 'secret' },
      null,
      'nonsense',
      { kid: 'nothing' },
    );
    const kids = [
      'rsa',
      'named',
      'encryption',
      'other-algorithm',
      'weak',
      'huge',
      'slow',
      'private',
      'secret',
      'nothing',
    ];
    const found = await Promise.all(kids.map(async (kid) => (await jwks.find(url, kid))?.algorithm ?? null));
    expect(found).toEqual(['RS256', 'EdDSA', ...Array<null>(8).fill(null)]);
  });

  it.each(['{', '[]', '{"keys":{}}', 'null'])('takes %p for no JWKS', async (text) => {
    answer = (response) => response.end(text);
    expect(await jwks.find(url, 'a')).toBeNull();
  });

  it.each([
    ['development', 'https://keys.example/jwks.json', true],
    ['development', 'http://127.0.0.1:3000/jwks.json', true],
    ['development', 'http://keys.example/jwks.json', false],
    ['production', 'https://keys.example/jwks.json', true],
    ['production', 'http://127.0.0.1:3000/jwks.json', false],
    ['production', 'https://127.0.0.1/jwks.json', false],
    ['production', 'https://169.254.169.254/latest', false],
    ['production', 'https://[::ffff:10.0.0.1]/jwks.json', false],
    ['production', 'https://0x0a000001/jwks.json', false],
    ['production', 'https://user:password@keys.example/', false],
    ['development', 'file:///etc/passwd', false],
    ['development', 'nonsense', false],
  ] as const)('in %s, may %s be registered? %p', (environment, wanted, allowed) => {
    const attempt = () => make(environment).assertAllowed(wanted);
    if (allowed) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_jwks_url' }));
  });
});

describe('downloadJwks', () => {
  it('refuses a literal private address where only public ones are allowed', async () => {
    publish();
    await expect(downloadJwks(url, { publicOnly: true })).rejects.toThrow('a private address');
    expect(asked).toBe(0);
  });

  it('refuses a name that resolves to a private address, and survives one that does not resolve', async () => {
    publish();
    const named = url.replace('127.0.0.1', 'localhost');
    await expect(downloadJwks(named, { publicOnly: true })).rejects.toThrow('a private address');
    await expect(downloadJwks('https://no-such-host.invalid/', { publicOnly: true })).rejects.toThrow();
    expect(asked).toBe(0);
  });

  it('follows no redirect', async () => {
    answer = (response) => response.writeHead(302, { location: url }).end();
    await expect(downloadJwks(url, { publicOnly: false })).rejects.toThrow('status 302');
    expect(asked).toBe(1);
  });

  it('stops reading what is too large', async () => {
    answer = (response) => response.end('x'.repeat(100_000));
    await expect(downloadJwks(url, { publicOnly: false })).rejects.toThrow('too large');
  });

  it('gives up on an answer that trickles', async () => {
    answer = (response) => {
      const trickle = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(trickle));
    };
    await expect(downloadJwks(url, { publicOnly: false, timeoutMs: 200 })).rejects.toThrow('too slow');
  });
});
