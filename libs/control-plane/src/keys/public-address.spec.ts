import { isPublicAddress, literalAddress, publicLookup } from './public-address';

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '203.0.113.9', '2606:4700:4700::1111', '2a00:1450::1'])('%s is public', (address) =>
    expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.31.255.255', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0'],
    ...['255.255.255.255', '224.0.0.1', '198.18.0.1', '::1', '::', '::ffff:10.0.0.1', '::ffff:8.8.8.8', 'fd00::1'],
    ...['fe80::1', 'fec0::1', 'ff02::1', '64:ff9b::a00:1', '2002:a00:1::', '2001:0:a00:1::', 'localhost', ''],
  ])('%p is not', (address) => expect(isPublicAddress(address)).toBe(false));
});

describe('literalAddress', () => {
  it.each([
    ['https://10.0.0.1/keys', '10.0.0.1'],
    ['https://[::1]:8443/keys', '::1'],
    // WHATWG URL writes every spelling of an IPv4 address as four decimals.
    ['https://0x7f.1/keys', '127.0.0.1'],
    ['https://2130706433/keys', '127.0.0.1'],
    ['https://example.com/keys', null],
  ])('reads %s as %p', (url, address) => expect(literalAddress(new URL(url))).toBe(address));
});

describe('publicLookup', () => {
  type Outcome = [error: Error | null, address?: unknown];
  const lookup = (answer: Outcome) =>
    new Promise<Outcome>((resolve) => {
      const resolver = ((_name: string, _options: object, done: (...outcome: unknown[]) => void) =>
        done(...answer, 4)) as unknown as Parameters<typeof publicLookup>[0];
      publicLookup(resolver)('keys.example', {}, (error, address) => resolve([error, address]));
    });

  it('passes on a public address, one or several', async () => {
    expect(await lookup([null, '8.8.8.8'])).toEqual([null, '8.8.8.8']);
    const several = [{ address: '8.8.8.8', family: 4 }];
    expect(await lookup([null, several])).toEqual([null, several]);
  });

  it('refuses when any address is private', async () => {
    const mixed = [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    expect((await lookup([null, mixed]))[0]).toMatchObject({ message: 'a private address' });
  });

  it('passes on that a name does not resolve', async () => {
    expect((await lookup([new Error('ENOTFOUND'), undefined]))[0]).toMatchObject({ message: 'ENOTFOUND' });
  });
});
