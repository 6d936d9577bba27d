import { addressBehind, networkOf } from './address';

describe('networkOf', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['2001:db8:0:12:a:b:c:d', '2001:db8:0:12::/64'],
    ['2001:0DB8::12:0:0:0:d', '2001:db8:0:12::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('of %s is %s', (address, network) => expect(networkOf(address)).toBe(network));
});

describe('addressBehind', () => {
  it('believes as many proxies as there are, and not what a client says of itself', () => {
    const said = '198.51.100.1, 203.0.113.7';
    expect(addressBehind('10.0.0.1', said, 0)).toBe('10.0.0.1');
    expect(addressBehind('10.0.0.1', said, 1)).toBe('203.0.113.7');
    expect(addressBehind('10.0.0.1', said, 2)).toBe('198.51.100.1');
    expect(addressBehind('10.0.0.1', said, 9)).toBe('198.51.100.1');
    expect(addressBehind('10.0.0.1', undefined, 1)).toBe('10.0.0.1');
  });
});
