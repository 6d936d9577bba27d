import { soak } from '../soak/run';

/** `npm run soak` goes on for longer, with more of everything. */
describe('the soak, in short', () => {
  it('loses, doubles and miscounts nothing while apis are killed and Redis is restarted', async () => {
    const { checks, trouble, parties } = await soak({
      seconds: 15,
      sockets: 30,
      signal: new AbortController().signal,
      say: () => undefined,
    });
    expect(checks.filter(({ faults }) => faults.length > 0)).toEqual([]);
    expect(parties.map(({ tier }) => tier)).toEqual(['starter', 'pro', 'enterprise']);
    for (const { ledger } of parties) {
      expect(ledger.counts.removals).toBeGreaterThan(0);
      expect(ledger.counts.returns).toBeGreaterThan(0);
    }
    expect(trouble).toEqual({ apisKilled: 2, redisRestarts: 2 });
  }, 120_000);
});
