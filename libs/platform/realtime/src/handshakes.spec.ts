import { ObjectId } from 'bson';
import { parseTenantId } from '#caas/kernel';
import { Handshakes } from './handshakes';
import type { SocketPrincipal } from './ports';

const principal = (name: string): SocketPrincipal => ({
  tenantId: parseTenantId('clnt_aaaaaa'),
  user: { user_id: new ObjectId(), user_external_id: name, user_display_name: name },
  sessionId: null,
  expiresAt: 0,
  context: () => Promise.reject(new Error('not asked for')),
});

describe('Handshakes', () => {
  const [anna, ben] = [principal('anna'), principal('ben')];
  const admitted = (handshakes: Handshakes, who: SocketPrincipal, tries: number, atMs: number) => {
    let count = 0;
    for (let attempt = 0; attempt < tries; attempt += 1) {
      try {
        handshakes.spend(who, atMs);
        count += 1;
      } catch (error) {
        expect(error).toMatchObject({ kind: 'too_many', code: 'rate_limited', retryAfterSeconds: 1 });
      }
    }
    return count;
  };

  it('lets a user connect with all devices at once, and then ten a second; others are not concerned', () => {
    const handshakes = new Handshakes();
    expect(admitted(handshakes, anna, 1_000, 0)).toBe(100);
    expect(admitted(handshakes, anna, 1_000, 500)).toBe(5);
    expect(admitted(handshakes, ben, 50, 500)).toBe(50);
  });

  it('keeps a user out for as long as they were told', () => {
    const handshakes = new Handshakes();
    handshakes.withhold(anna, 10, 0);
    expect(() => handshakes.spend(anna, 4_000)).toThrow(expect.objectContaining({ retryAfterSeconds: 6 }));
    expect(() => handshakes.spend(anna, 9_900)).toThrow(expect.objectContaining({ retryAfterSeconds: 1 }));
    expect(admitted(handshakes, anna, 1, 10_000)).toBe(1);
  });
});
