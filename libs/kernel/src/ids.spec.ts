import { isExternalId, isTenantId, newTenantId, parseObjectId } from './ids';

describe('tenant ids', () => {
  it.each(['clnt_abc123', `clnt_${'a'.repeat(24)}`, newTenantId()])('takes %s', (id) => {
    expect(isTenantId(id)).toBe(true);
  });

  it.each([
    'clnt_abc12',
    `clnt_${'a'.repeat(25)}`,
    'clnt_abc123_users',
    'clnt_ABC123',
    'clnt_abc$12',
    'clnt_abc.12',
    'clnt_abc12\0',
    'clnt_abc123\n',
    'abc123',
    'clnt_',
    '',
    null,
    undefined,
    ['clnt_abc123'],
    { $ne: '' },
  ])('refuses %j', (id) => {
    expect(isTenantId(id)).toBe(false);
  });
});

describe('external ids', () => {
  it.each(['anna', 'a@b.c', '00-11_x:y+z', 'A'.repeat(128)])('takes %s', (id) => expect(isExternalId(id)).toBe(true));
  it.each(['me', '.', '..', '', 'A'.repeat(129), 'a b', 'a/b', 'ä', 'a\0', 7, null])('refuses %j', (id) =>
    expect(isExternalId(id)).toBe(false),
  );
});

describe('parseObjectId', () => {
  it.each(['', 'x', '0'.repeat(23), '0'.repeat(25), 'A'.repeat(24), { $gt: '' }, 123456789012, null])(
    'refuses %j',
    (id) => {
      expect(() => parseObjectId(id)).toThrow('24 hexadecimal digits');
    },
  );
});
