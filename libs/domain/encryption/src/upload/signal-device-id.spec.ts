import { numberNamed, signalDeviceIdFor } from './signal-device-id';

describe('numberNamed', () => {
  it.each([
    ['1', 1],
    ['127', 127],
    ['128', null],
    ['0', null],
    ['01', null],
    ['phone', null],
    ['1a', null],
  ])('reads %p as %p', (name, number) => expect(numberNamed(name)).toBe(number));
});

describe('signalDeviceIdFor', () => {
  it('is the number that the device is named by', () => {
    expect(signalDeviceIdFor('5', ['5', 'phone'], [127])).toBe(5);
    expect(() => signalDeviceIdFor('127', ['127', 'phone'], [127])).toThrow('127');
  });

  it('is the highest free one for a name, and never one that another device is named by', () => {
    expect(signalDeviceIdFor('phone', ['phone', '127', '126', 'watch'], [125])).toBe(124);
    const all = Array.from({ length: 127 }, (_, at) => at + 1);
    expect(() => signalDeviceIdFor('phone', [], all)).toThrow('no number left');
  });
});
