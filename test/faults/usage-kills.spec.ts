import { NO_FAULTS, TIERS, eventually, ownSystem, waitFor, type TenantSession } from '#caas/testing';
import { commandLine } from '../support/command-line';

const ROUNDS = 2;
const SENDERS = 8;
/** Each starts a process again, which takes a busy machine its time. */
const TEST_MS = 240_000;
/** Sockets of a killed process count for 15 s at most; the machine may be busy. */
const FORGOTTEN_WITHIN_MS = 40_000;

/** What a killed process had not brought up to date, a worker does once that process gives no sign of life for 15 s. */
const UP_TO_DATE_WITHIN_MS = 60_000;

const system = ownSystem({ logLevel: 'fatal' });
const caas = commandLine(system);

const usageOf = async ({ id }: TenantSession) =>
  (await system.platform.get(`/platform/v1/tenants/${id}/usage`)).body.quotas;

describe.each(TIERS)('Usage on the tier %s, while processes are killed', (tier) => {
  it(
    'counts exactly the messages and users that are stored, and keeps every message that was acknowledged',
    async () => {
      const tenant = await system.tenant(tier);
      for (const who of ['anna', 'ben']) await tenant.user(who);
      const room = await tenant.room('anna', ['ben']);
      const { acknowledged } = tenant.history;
      let made = 2;
      for (let round = 0; round < ROUNDS; round += 1) {
        let isKilled = false;
        const busy = Array.from({ length: SENDERS }, async (_, sender) => {
          for (let n = 0; !isKilled; n += 1) {
            const id = `${round}-${sender}-${n}`;
            const [who, api] = [sender < SENDERS / 2 ? 'anna' : 'ben', sender % 2];
            await tenant.send(who, room, { client_message_id: id, text: id }, api).catch(() => null);
            const path = `/v1/users/u-${id}`;
            const user =
              n % 5 === 0
                ? await tenant
                    .server(api)
                    .put(path, {})
                    .catch(() => null)
                : null;
            if (user?.status === 201) made += 1;
          }
        });
        const before = acknowledged.length;
        await waitFor('they send', 60_000, () => acknowledged.length > before + 30);
        await system.endApi(1, 'SIGKILL');
        isKilled = true;
        await Promise.all(busy);
        await system.startApiAgain(1);
      }
      const isRight = async () => {
        const { code, found } = await caas(['usage', 'verify', '--tenant', tenant.id]);
        expect({ code, drifts: found.drifts }).toEqual({ code: 0, drifts: [] });
        // What was stored without an answer counts as well.
        const month = new Date().toISOString().slice(0, 7);
        expect(found.counted.messages[month]).toBeGreaterThanOrEqual(acknowledged.length);
        expect(found.counted.messages[month]).toBeLessThanOrEqual(acknowledged.length + ROUNDS * SENDERS);
        expect(found.counted.users.all).toBeGreaterThanOrEqual(made);
        expect((await usageOf(tenant)).messages.used).toBe(found.counted.messages[month]);
      };
      await eventually(isRight, UP_TO_DATE_WITHIN_MS, 1_000);
      expect(await tenant.history.check(tenant.acting('ben').read)).toEqual(NO_FAULTS);
    },
    TEST_MS,
  );
});

it(
  'Sockets of a killed process count no more a moment later, and take nobody’s place',
  async () => {
    const tenant = await system.tenant('pro');
    await system.platform.put(`/platform/v1/tenants/${tenant.id}/quotas`, { connections: 3 });
    await tenant.user('anna');
    await tenant.socket('anna', 0);
    for (let n = 0; n < 2; n += 1) await tenant.socket('anna', 1);
    await waitFor('the place is refused', 10_000, () =>
      tenant.socket('anna', 0).then(
        () => false,
        (error: { data?: { code: string } }) => error.data?.code === 'quota_exceeded',
      ),
    );
    expect((await usageOf(tenant)).connections.used).toBe(3);
    await system.endApi(1, 'SIGKILL');
    await waitFor(
      'they are forgotten',
      FORGOTTEN_WITHIN_MS,
      async () => (await usageOf(tenant)).connections.used === 1,
    );
    await tenant.socket('anna', 0);
    expect((await usageOf(tenant)).connections.used).toBe(2);
    await system.startApiAgain(1);
  },
  TEST_MS,
);
