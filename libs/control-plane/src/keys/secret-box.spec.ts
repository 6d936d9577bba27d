import { SecretBox } from './secret-box';

const OLD = 'o'.repeat(32);
const NEW = 'n'.repeat(32);
const box = (SECRETS_KEY: string, SECRETS_KEY_PREVIOUS: string | null = null) =>
  new SecretBox({ SECRETS_KEY, SECRETS_KEY_PREVIOUS } as never);

describe('SecretBox', () => {
  it('opens what it closed, and shows nothing of it', () => {
    const closed = box(OLD).close('a secret', 'clnt_abcdef:k1');
    expect(closed).not.toContain('secret');
    expect(box(OLD).open(closed, 'clnt_abcdef:k1')).toBe('a secret');
  });

  it('closes the same secret differently each time', () => {
    expect(box(OLD).close('a secret', 'x')).not.toBe(box(OLD).close('a secret', 'x'));
  });

  it('does not open a box that was moved to another record', () => {
    const closed = box(OLD).close('a secret', 'clnt_abcdef:k1');
    expect(() => box(OLD).open(closed, 'clnt_ghijkl:k1')).toThrow();
  });

  it('does not open a box that was altered', () => {
    const [key, sealed = ''] = box(OLD).close('a secret', 'x').split('.');
    const altered = Buffer.from(sealed, 'base64url');
    altered[14]! ^= 1;
    expect(() => box(OLD).open(`${key}.${altered.toString('base64url')}`, 'x')).toThrow();
    for (const kept of [20, 8, 0]) expect(() => box(OLD).open(`${key}.${sealed.slice(0, kept)}`, 'x')).toThrow();
  });

  it('opens boxes of the previous key while keys rotate, and closes with the new one', () => {
    const closed = box(OLD).close('a secret', 'x');
    const rotating = box(NEW, OLD);
    expect(rotating.open(closed, 'x')).toBe('a secret');
    expect(box(NEW).open(rotating.close('a secret', 'x'), 'x')).toBe('a secret');
    expect(() => box(NEW).open(closed, 'x')).toThrow(/SECRETS_KEY_PREVIOUS/);
  });
});
