import { sweepReferences } from '#caas/contracts';
import { newTenantId } from '#caas/kernel';
import { NO_FAULTS, ownSystem, TIERS, waitFor, type Room, type TenantSession } from '#caas/testing';
import { DueTenant } from '../support/due-tenant';
import { JobQueue } from '../support/job-queue';
import { OwnRedis } from '../support/own-redis';
import { QueueBackDoor } from './queue-back-door.support';

/** The sweeper looks after a row when it is so old. */
const SWEPT_AFTER_MS = 15_000;
/** What else is away by then comes back. */
const SWEPT_WITHIN_MS = 55_000;
const DAY_MS = 24 * 60 * 60_000;

let redis: OwnRedis;
let references: QueueBackDoor;
let maintenance: QueueBackDoor;
let chats: Chat[];
const system = ownSystem({
  logLevel: 'error',
  apps: ['api', 'worker'],
  environment: async () => {
    redis = await OwnRedis.start();
    return { REDIS_URL: redis.url, ARCHIVE_TRUST: '300ms' };
  },
});

beforeAll(async () => {
  references = new QueueBackDoor(redis, 'references');
  maintenance = new QueueBackDoor(redis, 'maintenance');
  chats = await Promise.all(TIERS.map(async (tier) => Chat.of(await system.tenant(tier))));
});

afterAll(async () => {
  await references?.close();
  await maintenance?.close();
  await redis?.remove();
});

type Name = 'anna' | 'ben';

/** Anna and Ben wrote each other a message, which carries a copy of their name. */
class Chat {
  private constructor(
    readonly tenant: TenantSession,
    private readonly room: Room,
    readonly userIds: Record<Name, string>,
  ) {}

  static async of(tenant: TenantSession): Promise<Chat> {
    await tenant.users('anna', 'ben');
    const room = await tenant.room('anna', ['ben'], { type: 'direct' });
    const [anna, ben] = [await tenant.send('anna', room), await tenant.send('ben', room)];
    return new Chat(tenant, room, { anna: anna.body.sender.user_id, ben: ben.body.sender.user_id });
  }

  async rename(name: Name, display_name: string): Promise<void> {
    const { status } = await this.tenant.server().patch(`/v1/users/${name}`, { display_name });
    expect(status).toBe(200);
  }

  async send(): Promise<void> {
    expect((await this.tenant.send('anna', this.room)).status).toBe(201);
  }

  /** The messages as Ben gets them. */
  async messages() {
    return (await this.tenant.acting('ben').get(`${this.room.path}/messages`)).body.data;
  }

  /** The name under which a user's message is shown. */
  async shownOf(name: Name): Promise<string> {
    const { sender } = (await this.messages()).find(
      ({ sender }: { sender: { user_id: string } }) => sender.user_id === this.userIds[name],
    );
    return sender.user_display_name;
  }

  /** The data of the job that refreshes Anna's name. */
  job(changes: object = {}) {
    return {
      tenant_id: this.tenant.id,
      request_id: 'req_test',
      v: 1,
      outbox_id: null,
      user_id: this.userIds.anna,
      ...changes,
    };
  }

  async refusedJobs(): Promise<{ details: object }[]> {
    const { body } = await system.platform.get(`/platform/v1/audit-log?limit=100&tenant_id=${this.tenant.id}`);
    return body.data.filter(({ action }: { action: string }) => action === 'job.refused');
  }
}

const everywhere = async (isSo: (chat: Chat) => Promise<boolean>) =>
  (await Promise.all(chats.map(isSo))).every(Boolean);
const allShow = (name: Name, shown: string) => () => everywhere(async (chat) => (await chat.shownOf(name)) === shown);

/** By the outbox, and not by the hourly repair of names: an emptied Redis would have that start at once, and hide the other. */
const sweptTo = (name: Name, shown: string) => async () =>
  (await allShow(name, shown)()) &&
  (await everywhere(({ tenant, userIds }) => references.settled(tenant.id, userIds[name])));

describe('a rename, on every tier', () => {
  /** Both wait for the same sweep. */
  beforeAll(async () => {
    await references.pause();
    await Promise.all(chats.map((chat) => chat.rename('anna', 'Nova')));
    expect(await everywhere(async (chat) => (await chat.shownOf('anna')) !== 'Nova')).toBe(true);
    // The pause goes with everything else.
    await redis.commands.flushall();
    await redis.away(async () => {
      await Promise.all(chats.map((chat) => chat.rename('ben', 'Vega')));
      await Promise.all(chats.map((chat) => chat.send()));
      expect(await everywhere(async (chat) => (await chat.shownOf('ben')) !== 'Vega')).toBe(true);
    });
    await maintenance.postpone(sweepReferences);
  });

  it('is done although Redis was emptied before the worker got to its job', async () => {
    await waitFor('the sweeper has it done all the same', SWEPT_WITHIN_MS, sweptTo('anna', 'Nova'));
  });

  it('is accepted while Redis is away, and done when it is back', async () => {
    await waitFor('the sweeper has it done', SWEPT_WITHIN_MS, sweptTo('ben', 'Vega'));
  });

  it('leaves every message as it was acknowledged, those sent while Redis was away too', async () => {
    for (const { tenant } of chats) {
      expect(await tenant.history.check(tenant.acting('ben').read)).toEqual(NO_FAULTS);
    }
  });

  it('comes to the same when its job runs again and again, also at once', async () => {
    await Promise.all(chats.map((chat) => chat.rename('anna', 'Lyra')));
    await waitFor('the first run', SWEPT_WITHIN_MS, allShow('anna', 'Lyra'));
    const before = await Promise.all(chats.map((chat) => chat.messages()));
    const again = await Promise.all(
      chats.flatMap((chat) => [1, 2, 3].map(() => references.add('refresh-references', chat.job()))),
    );
    for (const job of again) {
      await waitFor('the run', 20_000, async () => (await (await references.again(job)).getState()) === 'completed');
    }
    expect(await Promise.all(chats.map((chat) => chat.messages()))).toEqual(before);
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
    const [chat] = chats as [Chat];
    const known = (await chat.refusedJobs()).length;
    const job = await givenUp(chat.job(changes), name);
    expect(job).toMatchObject({ attemptsMade: 1, failedReason: expect.stringContaining(reason) });
    await waitFor('the audit line', 5000, async () => (await chat.refusedJobs()).length === known + 1);
    expect((await chat.refusedJobs())[0]!.details).toEqual({ job: `references/${name}`, reason: job.failedReason });
  });

  it('of a tenant that never was is refused at once, and leaves an audit line', async () => {
    const tenant_id = newTenantId();
    expect(await givenUp(chats[0]!.job({ tenant_id }))).toMatchObject({
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
    const [free, pro] = chats as [Chat, Chat];
    const before = await Promise.all([free.messages(), pro.messages()]);
    const job = await references.add('refresh-references', free.job({ user_id: pro.userIds.anna }));
    await waitFor('the worker to be through with it', 10_000, async () => {
      const state = await (await references.again(job)).getState();
      return state === 'completed' || state === 'failed';
    });
    expect(await Promise.all([free.messages(), pro.messages()])).toEqual(before);
  });

  it('of a tenant that was deleted is given up at once, and is nothing to audit', async () => {
    const gone = await Chat.of(await system.tenant('free'));
    expect((await system.platform.delete(`/platform/v1/tenants/${gone.tenant.id}`)).status).toBe(204);
    expect(await givenUp(gone.job())).toMatchObject({ attemptsMade: 1, failedReason: 'The tenant was deleted.' });
    // One that is refused after it has its line: its own would be there by now.
    const [chat] = chats as [Chat];
    const known = (await chat.refusedJobs()).length;
    await givenUp(chat.job({ v: 3 }));
    await waitFor('the audit line', 5000, async () => (await chat.refusedJobs()).length === known + 1);
    expect(await gone.refusedJobs()).toEqual([]);
  });

  it('leaves the worker at work', async () => {
    await Promise.all(chats.map((chat) => chat.rename('anna', 'Mira')));
    await waitFor('the rename', 12_000, allShow('anna', 'Mira'));
    // By its own job, and not by one of the sweeper's.
    const soon = async ({ tenant, userIds }: Chat) =>
      (await references.queuedAfterMs(tenant.id, userIds.anna)) < SWEPT_AFTER_MS;
    expect(await everywhere(soon)).toBe(true);
  });
});

describe('plan-archiving', () => {
  let archive: JobQueue;
  let plans: JobQueue;
  beforeAll(() => {
    archive = new JobQueue('archive', redis.url);
    plans = new JobQueue('maintenance', redis.url);
  });
  afterAll(() => Promise.all([archive.close(), plans.close()]));

  it('sets every tenant’s night to work once when its turn has come', async () => {
    const [one, other] = [await DueTenant.at(system, archive), await DueTenant.at(system, archive)];
    // Planned until a day ago: whichever minute of the night is theirs, it has passed since.
    await plans.redis.set('caas:archive:planned-until', Date.now() - DAY_MS);
    const begin = Date.now();
    await plans.done(await plans.add('plan-archiving'));
    await waitFor('both are archived', 30_000, async () => (await one.hot()) + (await other.hot()) === 0);
    for (const own of [one, other]) expect(await own.readable()).toEqual([DueTenant.MESSAGES]);
    const until = Number(await plans.redis.get('caas:archive:planned-until'));
    expect(until).toBeGreaterThanOrEqual(begin);
    // Not before the next night.
    const third = await DueTenant.at(system, archive);
    await plans.done(await plans.add('plan-archiving'));
    await third.run('scrub-archive');
    expect(await third.hot()).toBe(DueTenant.MESSAGES);
    for (const own of [one, other, third]) await own.close();
  });
});
