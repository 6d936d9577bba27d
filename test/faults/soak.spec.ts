import { patient } from '#caas/testing';
import { soak } from '../soak/run';

/** `npm run soak` goes on for longer, with more of everything. */
describe('the soak, in short', () => {
  it(
    'loses, doubles and miscounts nothing while apis are killed and Redis is restarted',
    async () => {
      const { checks, chaos, tenants } = await soak({
        seconds: 15,
        sockets: 30,
        signal: new AbortController().signal,
        say: () => undefined,
      });
      expect(checks.filter(({ faults }) => faults.length > 0)).toEqual([]);
      expect(tenants.map(({ tier }) => tier)).toEqual(['starter', 'pro', 'enterprise']);
      for (const { journal } of tenants) {
        expect(journal.counts.removals).toBeGreaterThan(0);
        expect(journal.counts.returns).toBeGreaterThan(0);
      }
      expect(chaos).toEqual({ apisKilled: 2, redisRestarts: 2 });
    },
    patient(120_000),
  );
});
