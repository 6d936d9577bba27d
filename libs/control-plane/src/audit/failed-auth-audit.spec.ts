import { parseTenantId } from '#caas/kernel';
import { FailedAuthEvents, type FailedAuth } from '#caas/access';
import { FailedAuthAudit } from './failed-auth-audit';

const TENANT = parseTenantId('clnt_abcdef');

interface Line {
  tenantId: string | null;
  details: Record<string, unknown>;
}

describe('FailedAuthAudit', () => {
  let events: FailedAuthEvents;
  let audit: FailedAuthAudit;
  let lines: Line[];
  beforeEach(() => {
    events = new FailedAuthEvents();
    lines = [];
    const log = {
      write: (_author: object, _action: string, tenantId: string | null, details: Record<string, unknown>) => {
        lines.push({ tenantId, details });
        return Promise.resolve();
      },
    };
    audit = new FailedAuthAudit(events, log as never, { root: { error: () => undefined } } as never);
    audit.onModuleInit();
  });
  afterEach(() => audit.beforeApplicationShutdown());

  const refuse = (more: Partial<FailedAuth> = {}) =>
    events.add({
      credential: 'user_token',
      reason: 'token_invalid',
      tenantId: null,
      keyId: null,
      network: '203.0.113.7',
      requestId: 'req_test',
      ...more,
    });
  const minuteOver = async () => {
    const before = lines.length;
    await audit.beforeApplicationShutdown();
    return lines.slice(before);
  };

  it('writes the first of a kind at once, and counts the others of the minute in one line', async () => {
    const named = { reason: 'wrong_secret', tenantId: TENANT, keyId: 'k' };
    for (let tried = 0; tried < 5; tried += 1) refuse(named);
    const details = { credential: 'user_token', reason: 'wrong_secret', key_id: 'k' };
    expect(lines).toEqual([{ tenantId: TENANT, details }]);
    expect(await minuteOver()).toEqual([{ tenantId: TENANT, details: { ...details, repeated: 4 } }]);
  });

  it('keeps the address of platform keys, and of nothing that an end user may have sent', () => {
    refuse({ credential: 'platform_key', reason: 'platform_key_invalid' });
    refuse({ credential: 'server_key', reason: 'key_invalid' });
    refuse();
    expect(lines.map(({ details }) => details.address)).toEqual(['203.0.113.7', undefined, undefined]);
  });

  it('of an address, names ten keys that are only claimed, and counts the rest by kind', async () => {
    for (let made = 0; made < 500; made += 1)
      refuse({ reason: 'unknown_key', tenantId: TENANT, keyId: `made-${made}` });
    expect(lines).toHaveLength(11);
    expect(lines.at(-1)).toEqual({ tenantId: null, details: { credential: 'user_token', reason: 'unknown_key' } });
    expect(await minuteOver()).toEqual([
      { tenantId: null, details: { credential: 'user_token', reason: 'unknown_key', repeated: 489 } },
    ]);
  });

  it('has one line for what happens to a tenant at many addresses', async () => {
    for (let at = 0; at < 200; at += 1)
      refuse({ reason: 'token_expired', tenantId: TENANT, keyId: 'k', network: `10.0.0.${at}` });
    const details = { credential: 'user_token', reason: 'token_expired', key_id: 'k' };
    expect([...lines, ...(await minuteOver())]).toEqual([
      { tenantId: TENANT, details },
      { tenantId: TENANT, details: { ...details, repeated: 199 } },
    ]);
  });

  it('has a line for a key that exists, whatever strangers make up', () => {
    for (let made = 0; made < 5_000; made += 1) {
      refuse({ reason: 'unknown_key', keyId: `made-${made}`, network: `10.0.0.${made % 50}` });
    }
    const before = lines.length;
    expect(before).toBeLessThanOrEqual(100);
    refuse({ reason: 'wrong_secret', tenantId: TENANT, keyId: 'k' });
    expect(lines.length).toBe(before + 1);
  });

  it('writes two hundred kinds a minute at most, and how many it left out', async () => {
    for (let made = 0; made < 5_000; made += 1) {
      const network = `10.0.${made % 250}.1`;
      if (made % 3 === 0) refuse({ credential: 'platform_key', reason: 'platform_key_invalid', network });
      else refuse({ reason: made % 3 === 1 ? 'wrong_secret' : 'unknown_key', keyId: `made-${made}`, network });
    }
    expect(lines).toHaveLength(200);
    const closing = await minuteOver();
    expect(closing.length).toBeLessThanOrEqual(201);
    const counted = closing.reduce((sum, { details }) => sum + Number(details.repeated ?? details.left_out), 0);
    expect(counted).toBe(5_000 - 200);
  });
});
