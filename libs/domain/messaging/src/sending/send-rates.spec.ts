import { parseTenantId } from '#caas/kernel';
import { SendRates } from './send-rates';

const [A, B] = [parseTenantId('clnt_aaaaaa'), parseTenantId('clnt_bbbbbb')];

describe('SendRates', () => {
  /** How many of `tries`, made at one moment, are let through. */
  const passed = (rates: SendRates, tenant: typeof A, tries: number, atMs: number) => {
    let through = 0;
    for (let attempt = 0; attempt < tries; attempt += 1) {
      try {
        rates.spend(tenant, atMs);
        through += 1;
      } catch (error) {
        expect(error).toMatchObject({ kind: 'too_many', code: 'rate_limited', retryAfterSeconds: 1 });
      }
    }
    return through;
  };

  it('lets a second’s worth through at once, and then so many a second, of each tenant', () => {
    const rates = new SendRates({ TENANT_SENDS_PER_SECOND: 10 });
    expect(passed(rates, A, 1_000, 0)).toBe(10);
    expect(passed(rates, A, 1_000, 500)).toBe(5);
    expect(passed(rates, B, 1_000, 500)).toBe(10);
    expect(passed(rates, A, 1_000, 60_000)).toBe(10);
  });

  it('says beforehand what it refuses, and counts nothing by that', () => {
    const rates = new SendRates({ TENANT_SENDS_PER_SECOND: 50 });
    expect(rates.isShut(A, 0)).toBe(false);
    expect(passed(rates, A, 60, 0)).toBe(50);
    for (let atMs = 0; atMs < 20; atMs += 1) expect(rates.isShut(A, atMs)).toBe(true);
    expect(rates.isShut(A, 21)).toBe(false);
    expect(passed(rates, A, 60, 21)).toBe(1);
    expect(rates.isShut(B, 21)).toBe(false);
  });
});
