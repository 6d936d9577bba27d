import { sweepReferences } from '#caas/contracts';
import { newTenantId } from '#caas/kernel';
import { waitFor } from '../../tools/stack';
import { TestSystem, type TestTenant } from '../support/test-system';
import { OwnRedis } from '../support/own-redis';
import { QueueBackDoor } from './outbox.support';

const TIERS = ['free', 'pro', 'enterprise'] as const;
/** The sweeper looks after a row when it is 15 s old; what else is away by then comes back. */
const SWEPT_WITHIN_MS = 55_000;

let redis: OwnRedis;
let references: QueueBackDoor;
let maintenance: QueueBackDoor;
let rooms: Room[];
const system = new TestSystem('error');

beforeAll(async () => {
  redis = await OwnRedis.start();
  process.env.REDIS_URL = redis.url;
  await system.start();
  references = new QueueBackDoor(redis, 'references');
  maintenance = new QueueBackDoor(redis, 'maintenance');
  rooms = await Promise.all(TIERS.map(async (tier) => Room.of(await system.tenant(tier))));
});

afterAll(async () => {
  await system.stop();
  await references?.close();
  await maintenance?.close();
  await redis?.remove();
});

/** Anna wrote Ben one message, which carries a copy of her name. */
class Room {
  private constructor(
    readonly tenant: TestTenant,
    readonly annaId: string,
    private readonly messages: string,
  ) {}

  static async of(tenant: TestTenant): Promise<Room> {
    await tenant.user('ben');
    const anna = await tenant.user('anna', { display_name: 'Anna' });
    const { body: conversation } = await anna.post('/v1/conversations', { type: 'direct', member_ids: ['ben'] });
    const messages = `/v1/conversations/${conversation.id}/messages`;
    const { body: sent } = await anna.post(messages, { client_message_id: '1', text: 'hello' });
    return new Room(tenant, sent.sender.user_id, messages);
  }

  async rename(display_name: string): Promise<void> {
    const { status } = await this.tenant.server().patch('/v1/users/anna', { display_name });
    expect(status).toBe(200);
  }

  /** The message as Ben gets it. */
  async message() {
    return (await this.tenant.acting('ben').get(this.messages)).body.data[0];
  }

  async showsName(name: string): Promise<boolean> {
    return (await this.message()).sender.user_display_name === name;
  }

  /** The data of the job that refreshes Anna's name. */
  job(changes: object = {}) {
    return {
      tenant_id: this.tenant.id,
      request_id: 'req_test',
      v: 1,
      outbox_id: null,
      user_id: this.annaId,
      ...changes,
    };
  }

  async refusedJobs(): Promise<{ details: object }[]> {
    const { body } = await system.platform.get(`/platform/v1/audit-log?limit=100&tenant_id=${this.tenant.id}`);
    return body.data.filter(({ action }: { action: string }) => action === 'job.refused');
  }
}

const allShow = (name: string) => async () =>
  (await Promise.all(rooms.map((room) => room.showsName(name)))).every((shown) => shown);

/** By the outbox, and not by the hourly repair of names: an emptied Redis would have that start at once, and hide the other. */
const sweptTo = (name: string) => async () =>
  (await allShow(name)()) &&
  (await Promise.all(rooms.map(({ tenant }) => references.settled(tenant.id)))).every(Boolean);

describe('a rename, on every tier', () => {
  it('is done although Redis was emptied before the worker got to its job', async () => {
    await references.pause();
    await Promise.all(rooms.map((room) => room.rename('Nova')));
    for (const room of rooms) expect(await room.showsName('Anna')).toBe(true);
    // The pause goes with everything else.
    await redis.commands.flushall();
    await maintenance.postpone(sweepReferences);
    await waitFor('the sweeper has it done all the same', SWEPT_WITHIN_MS, sweptTo('Nova'));
  });

  it('is accepted while Redis is away, and done when it is back', async () => {
    await redis.away(async () => {
      await Promise.all(rooms.map((room) => room.rename('Vega')));
      for (const room of rooms) expect(await room.showsName('Nova')).toBe(true);
    });
    await maintenance.postpone(sweepReferences);
    await waitFor('the sweeper has it done', SWEPT_WITHIN_MS, sweptTo('Vega'));
  });

  it('comes to the same when its job runs again and again, also at once', async () => {
    await Promise.all(rooms.map((room) => room.rename('Lyra')));
    await waitFor('the first run', SWEPT_WITHIN_MS, allShow('Lyra'));
    const before = await Promise.all(rooms.map((room) => room.message()));
    const again = await Promise.all(
      rooms.flatMap((room) => [1, 2, 3].map(() => references.add('refresh-references', room.job()))),
    );
    for (const job of again) {
      await waitFor('the run', 20_000, async () => (await (await references.again(job)).getState()) === 'completed');
    }
    expect(await Promise.all(rooms.map((room) => room.message()))).toEqual(before);
  });
});

describe('a job that somebody put straight into the queue', () => {
  const handled = 'refresh-references';

  /** Resolves when the worker has given it up. */
  const givenUp = async (data: unknown, name = handled) => {
    const job = await references.add(name, data);
    await waitFor('the worker to refuse it', 10_000, async () => (await references.again(job)).isFailed());
    return references.again(job);
  };

  // Each row is whole: jest would fill a missing column with its `done`.
  it.each<[what: string, reason: string, changes: object, name: string]>([
    ['of another version', 'has version 2, not 1', { v: 2 }, handled],
    ['of no version', 'has version undefined', { v: undefined }, handled],
    ['with a malformed user id', 'payload is malformed', { user_id: '../../etc' }, handled],
    ['with an operator for a user id', 'payload is malformed', { user_id: { $ne: null } }, handled],
    ['with a field too many', 'payload is malformed', { tenant: 'clnt_another' }, handled],
    ['with a malformed outbox id', 'names no outbox row', { outbox_id: { $gt: '' } }, handled],
    ['with an endless request id', 'has no request id', { request_id: 'x'.repeat(65) }, handled],
    ['that nobody handles', 'Nobody handles references/drop-database', {}, 'drop-database'],
  ])('%s is refused at once, and leaves an audit line', async (_what, reason, changes, name) => {
    const [room] = rooms as [Room];
    const known = (await room.refusedJobs()).length;
    const job = await givenUp(room.job(changes), name);
    expect(job).toMatchObject({ attemptsMade: 1, failedReason: expect.stringContaining(reason) });
    await waitFor('the audit line', 5000, async () => (await room.refusedJobs()).length === known + 1);
    expect((await room.refusedJobs())[0]!.details).toEqual({ job: `references/${name}`, reason: job.failedReason });
  });

  it('of a tenant that never was is refused at once, and leaves an audit line', async () => {
    const tenant_id = newTenantId();
    expect(await givenUp(rooms[0]!.job({ tenant_id }))).toMatchObject({
      attemptsMade: 1,
      failedReason: 'There is no such tenant.',
    });
    const lines = async () => (await system.platform.get(`/platform/v1/audit-log?tenant_id=${tenant_id}`)).body.data;
    await waitFor('the audit line', 5000, async () => (await lines()).length > 0);
    expect(await lines()).toMatchObject([{ action: 'job.refused', details: { reason: 'There is no such tenant.' } }]);
  });

  it.each([{}, null, { tenant_id: 'clnt_x$' }, { tenant_id: ['clnt_abc123'] }, { tenant_id: { $ne: '' } }])(
    'that names no tenant (%j) is refused at once, and leaves an audit line',
    async (data) => {
      const lines = async () => {
        const { body } = await system.platform.get('/platform/v1/audit-log?limit=100');
        return body.data.filter(
          ({ action, tenant_id }: { action: string; tenant_id: string | null }) =>
            action === 'job.refused' && tenant_id === null,
        );
      };
      const known = (await lines()).length;
      const job = await givenUp(data);
      expect(job).toMatchObject({ attemptsMade: 1, failedReason: 'The job names no tenant.' });
      await waitFor('the audit line', 5000, async () => (await lines()).length === known + 1);
    },
  );

  it("in one tenant's name with another's user reaches neither", async () => {
    const [free, pro] = rooms as [Room, Room];
    const before = await Promise.all([free.message(), pro.message()]);
    const job = await references.add('refresh-references', free.job({ user_id: pro.annaId }));
    await waitFor('the worker to be through with it', 10_000, async () => {
      const state = await (await references.again(job)).getState();
      return state === 'completed' || state === 'failed';
    });
    expect(await Promise.all([free.message(), pro.message()])).toEqual(before);
  });

  it('of a tenant that was deleted is given up at once, and is nothing to audit', async () => {
    const gone = await Room.of(await system.tenant('free'));
    expect((await system.platform.delete(`/platform/v1/tenants/${gone.tenant.id}`)).status).toBe(204);
    expect(await givenUp(gone.job())).toMatchObject({ attemptsMade: 1, failedReason: 'The tenant was deleted.' });
    // One that is refused after it has its line: its own would be there by now.
    const [room] = rooms as [Room];
    const known = (await room.refusedJobs()).length;
    await givenUp(room.job({ v: 3 }));
    await waitFor('the audit line', 5000, async () => (await room.refusedJobs()).length === known + 1);
    expect(await gone.refusedJobs()).toEqual([]);
  });

  it('leaves the worker at work', async () => {
    await Promise.all(rooms.map((room) => room.rename('Mira')));
    // Sooner than the sweeper would have it done.
    await waitFor('the rename', 12_000, allShow('Mira'));
  });
});
