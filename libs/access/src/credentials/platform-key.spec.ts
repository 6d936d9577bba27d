import { PlatformKeys } from './platform-key';

const ADMIN = 'admin-key-0123456789';
const READONLY = 'readonly-key-0123456789';
const keys = (PLATFORM_READONLY_KEY: string | null = READONLY) =>
  new PlatformKeys({} as never, { PLATFORM_ADMIN_KEY: ADMIN, PLATFORM_READONLY_KEY });
const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('PlatformKeys', () => {
  it.each([`Bearer ${ADMIN}`, `bearer ${ADMIN}`, basic('admin', ADMIN)])(
    'lets an admin in by %.12s',
    (authorization) => {
      expect(keys().verify(authorization, 'DELETE')).toBe('admin');
    },
  );

  it('lets the second key look, and change nothing', () => {
    expect(keys().verify(`Bearer ${READONLY}`, 'GET')).toBe('readonly');
    expect(keys().verify(basic('admin', READONLY), 'HEAD')).toBe('readonly');
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      expect(() => keys().verify(`Bearer ${READONLY}`, method)).toThrow(
        expect.objectContaining({ kind: 'forbidden', code: 'readonly_key' }),
      );
    }
  });

  it.each([
    [undefined, 'platform_key_required'],
    ['Digest x', 'platform_key_required'],
    ['Bearer', 'platform_key_invalid'],
    ['Bearer wrong', 'platform_key_invalid'],
    [basic('root', ADMIN), 'platform_key_invalid'],
    [basic('admin', ''), 'platform_key_invalid'],
    ['Basic %%%', 'platform_key_invalid'],
  ])('refuses %p', (authorization, code) => {
    expect(() => keys().verify(authorization, 'GET')).toThrow(
      expect.objectContaining({ kind: 'unauthenticated', code }),
    );
  });

  it('has no second key unless one is configured', () => {
    expect(() => keys(null).verify(`Bearer ${READONLY}`, 'GET')).toThrow(
      expect.objectContaining({ code: 'platform_key_invalid' }),
    );
  });
});
