import { networkOf, networkOfPeer } from './address';

describe('networkOf', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['203.0.113.7:41234', '203.0.113.7'],
    ['"203.0.113.7:41234"', '203.0.113.7'],
    ['203.0.113.7:_hidden', '203.0.113.7'],
    [' 203.0.113.7 ', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['::ffff:cb00:7107', '203.0.113.7'],
    ['[::ffff:203.0.113.7]:443', '203.0.113.7'],
    ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:0:12:a:b:c:d', '2001:db8:0:12::/64'],
    ['2001:0DB8::12:0:0:0:d', '2001:db8:0:12::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['[2001:db8::1]', '2001:db8:0:0::/64'],
    ['[2001:db8::1]:443', '2001:db8:0:0::/64'],
    ['"[2001:db8::1]"', '2001:db8:0:0::/64'],
    ['"[2001:db8::1]:443"', '2001:db8:0:0::/64'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['::203.0.113.7', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['[fe80::1%25eth0]:443', 'fe80:0:0:0::/64'],
  ])('of %s is %s', (address, network) => expect(networkOf(address)).toBe(network));

  it.each([
    '',
    'unknown',
    '_hidden',
    'localhost',
    '203.0.113',
    '203.0.113.256',
    '010.0.0.1',
    '0x7f.1',
    '1',
    '[203.0.113.7',
    '[]',
    '203.0.113.7 :1',
    '203.0.113.7:1:2',
    '2001:db8::1]:443',
    ':',
    '::1::',
    '"',
  ])('of %j there is none', (text) => expect(networkOf(text)).toBeNull());
});

describe('networkOfPeer', () => {
  const behind = (forwardedFor: string | undefined, proxies: number) =>
    networkOfPeer({ address: '10.0.0.1', forwardedFor }, proxies);

  it('believes as many proxies as there are, from the right, and not what a client says of itself', () => {
    const said = '198.51.100.1, 203.0.113.7';
    expect(behind(said, 0)).toBe('10.0.0.1');
    expect(behind(said, 1)).toBe('203.0.113.7');
    expect(behind(said, 2)).toBe('198.51.100.1');
    expect(behind(said, 9)).toBe('198.51.100.1');
    expect(behind(undefined, 1)).toBe('10.0.0.1');
    expect(behind('', 1)).toBe('10.0.0.1');
  });

  it('is one network for every port, spelling and address of it', () => {
    const spelled = [
      '203.0.113.7:1',
      '203.0.113.7:65535',
      '"203.0.113.7"',
      '::ffff:203.0.113.7',
      '[::ffff:cb00:7107]:9',
    ];
    for (const entry of spelled) expect(behind(`x, ${entry}`, 1)).toBe('203.0.113.7');
    for (const entry of ['[2001:db8::1]:443', '2001:DB8::ffff', '"[2001:db8:0:0:1:2:3:4]"']) {
      expect(behind(`x, ${entry}`, 1)).toBe('2001:db8:0:0::/64');
    }
  });

  it('does not count empty entries', () => {
    expect(behind('198.51.100.1, , 203.0.113.7,,', 1)).toBe('203.0.113.7');
    expect(behind('198.51.100.1, , 203.0.113.7,,', 2)).toBe('198.51.100.1');
    expect(behind(' , ,', 1)).toBe('10.0.0.1');
  });

  it('is the network of the proxy that does not know its client', () => {
    expect(behind('198.51.100.1, unknown', 1)).toBe('10.0.0.1');
    expect(behind('unknown, 203.0.113.7', 2)).toBe('203.0.113.7');
    expect(behind('198.51.100.1, _hidden, junk', 2)).toBe('10.0.0.1');
  });
});
