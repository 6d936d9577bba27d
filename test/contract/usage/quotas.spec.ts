import { Prop, Schema } from '@nestjs/mongoose';
import { Redis } from 'ioredis';
import { Clock, type QuotaLimits, type RequestContext, type Tenant } from '#caas/kernel';
import { CounterRepository, SentTotals, USAGE_COLLECTIONS } from '#caas/domain/usage/testing';
import { MessageQuota, monthOf, QuotaWarnings, UsageMeters, UserCounter, type UsageMeter } from '#caas/domain/usage';
import { TenantDocumentBase, tenantCollection } from '#caas/tenancy';
import { waitFor } from '#caas/testing';
import { TenancyHarness } from '#caas/testing/tenancy';

/** Stands for users and messages alike. */
@Schema()
class Thing extends TenantDocumentBase {
  @Prop({ type: String, required: true })
  month: string;
}

const things = tenantCollection(Thing, {
  name: 'contract_things',
  indexes: [{ key: { tenant_id: 1, month: 1 }, serves: 'those of a month' }],
});

class MovedClock extends Clock {
  constructor(public time: Date) {
    super();
  }

  override now = () => this.time;
}

/** Counts what is there. */
const meter: UsageMeter = {
  quota: 'messages',
  inTransaction: false,
  kept: () => Promise.reject(new Error('not asked for here')),
  counted: () => Promise.reject(new Error('not asked for here')),
  total: (ctx, month) => ctx.repository(things).count({ month }),
};

interface Told {
  tenantId: string;
  quota: string;
  percent: number;
}

describe.each(['shared', 'prefixed', 'dedicated'] as const)('Quotas on the %s placement', (placement) => {
  let harness: TenancyHarness;
  let redis: Redis;
  let told: Told[];
  let complaints: string[];
  let clock: MovedClock;
  beforeAll(() => {
    harness = new TenancyHarness([...USAGE_COLLECTIONS, things]);
    redis = new Redis(process.env['REDIS_URL']!);
  });
  afterAll(async () => {
    redis.disconnect();
    await harness.close();
  });
  beforeEach(() => {
    told = [];
    complaints = [];
    clock = new MovedClock(new Date('2026-11-15T12:00:00Z'));
  });

  afterEach(() => expect(complaints).toEqual([]));

  const context = async (quotas: Partial<QuotaLimits>): Promise<RequestContext> =>
    harness.context({ ...(await harness.tenant(placement)), quotas });

  /** What a process of its own has. */
  function aProcess(commands = redis) {
    // Of this test, though a warning may still be on its way when the next one begins.
    const own = { told, complaints };
    const contexts = { open: (tenant: Tenant) => harness.context(tenant) };
    const settings = { of: () => Promise.resolve({ warn_clients: true }) };
    const quiet = {
      warn: (line: { reason?: string }) => line.reason !== undefined && own.complaints.push(line.reason),
    };
    const log = { of: () => quiet, root: quiet };
    const warnings = new QuotaWarnings(contexts as never, settings as never, clock, log as never);
    warnings.on(({ tenantId }, { quota, percent }) => own.told.push({ tenantId, quota, percent }));
    const rows = new CounterRepository();
    const meters = new UsageMeters();
    meters.register(meter);
    const totals = new SentTotals(meters, { commands } as never);
    return {
      users: new UserCounter(rows, warnings),
      messages: new MessageQuota(rows, meters, totals, warnings, clock),
    };
  }
  type Process = ReturnType<typeof aProcess>;

  const send = ({ messages }: Process, ctx: RequestContext, count = 1): Promise<unknown> =>
    messages.sending(ctx, (check) =>
      ctx.transaction(async (tx) => {
        const month = monthOf(clock.now());
        await tx.repository(things).insertMany(Array.from({ length: count }, () => ({ month })));
        await check(tx, count, clock.now());
      }),
    );
  const add = ({ users }: Process, ctx: RequestContext, by = 1): Promise<unknown> =>
    users.counting(ctx, (count) =>
      ctx.transaction(async (tx) => {
        const made = Array.from({ length: by }, () => ({ month: 'user' }));
        if (by > 0) await tx.repository(things).insertMany(made);
        else await tx.repository(things).deleteOne({ month: 'user' });
        await count(tx, by);
      }),
    );
  const there = (ctx: RequestContext, month = '2026-11') => ctx.repository(things).count({ month });
  const percents = () => told.map(({ percent }) => percent).sort();

  /** All at once, in turn at each of the processes. @returns how many went through; the others must have been refused for quota */
  async function through(count: number, attempt: (at: number) => Promise<unknown>): Promise<number> {
    const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, at) => attempt(at)));
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ kind: 'quota', code: 'quota_exceeded' });
    }
    return outcomes.filter(({ status }) => status === 'fulfilled').length;
  }

  describe('of users', () => {
    it('are counted with what is stored and with nothing else, whoever counts at the same time', async () => {
      const ctx = await context({ users: null });
      const processes = [aProcess(), aProcess(), aProcess()];
      const failing = processes[0]!.users.counting(ctx, (count) =>
        ctx.transaction(async (tx) => {
          await count(tx, 1);
          throw new Error('broken off');
        }),
      );
      await expect(failing).rejects.toThrow('broken off');
      expect(await through(60, (at) => add(processes[at % 3]!, ctx))).toBe(60);
      await add(processes[1]!, ctx, -1);
      expect(await there(ctx, 'user')).toBe(59);
      expect(await processes[2]!.users.total(ctx)).toBe(59);
    });

    it('are held exactly over processes, and one that goes makes room at once', async () => {
      const ctx = await context({ users: 20 });
      const [one, two] = [aProcess(), aProcess()];
      expect(await through(36, (at) => add(at % 2 ? one : two, ctx))).toBe(20);
      expect(await there(ctx, 'user')).toBe(20);
      await waitFor('it is told', 20_000, () => told.length >= 2);
      await add(one, ctx, -1);
      await add(two, ctx);
      expect(await through(1, () => add(one, ctx))).toBe(0);
      expect(percents()).toEqual([80, 95]);
    });
  });

  describe('of messages', () => {
    it('are held exactly over processes, told of once, and another tenant is not concerned', async () => {
      const ctx = await context({ messages: 25 });
      const other = await context({ messages: 25 });
      const processes = [aProcess(), aProcess()];
      expect(await through(40, (at) => send(processes[at % 2]!, ctx))).toBe(25);
      expect(await there(ctx)).toBe(25);
      await waitFor('it is told', 20_000, () => told.length >= 2);
      for (const { messages } of processes) {
        await waitFor('it is known', 10_000, async () => (await through(1, () => messages.requireRoom(ctx))) === 0);
      }
      expect(told.map(({ tenantId }) => tenantId)).toEqual([ctx.tenantId, ctx.tenantId]);
      expect(percents()).toEqual([80, 95]);
      expect(await through(1, () => send(processes[0]!, other))).toBe(1);
    });

    it('let through what fits of a number that does not fit whole', async () => {
      const ctx = await context({ messages: 10 });
      const process = aProcess();
      await send(process, ctx, 8);
      await expect(send(process, ctx, 3)).rejects.toMatchObject({ code: 'quota_exceeded' });
      await send(process, ctx, 2);
      await expect(send(process, ctx)).rejects.toMatchObject({ code: 'quota_exceeded' });
      expect(await there(ctx)).toBe(10);
    });

    it('begin anew with the month, at its very turn too, and are warned of anew', async () => {
      clock.time = new Date('2026-12-31T23:59:59.999Z');
      const ctx = await context({ messages: 4 });
      const [one, two] = [aProcess(), aProcess()];
      await send(one, ctx, 3);
      // Between the look at the quota and the commit the month turns.
      await one.messages.sending(ctx, (check) => {
        clock.time = new Date('2027-01-01T00:00:00.000Z');
        return ctx.transaction(async (tx) => {
          await tx.repository(things).insertOne({ month: '2027-01' });
          await check(tx, 1, clock.now());
        });
      });
      await send(two, ctx, 3);
      await expect(send(two, ctx)).rejects.toMatchObject({ code: 'quota_exceeded' });
      expect([await there(ctx, '2026-12'), await there(ctx, '2027-01')]).toEqual([3, 4]);
      clock.time = new Date('2027-02-01T00:00:00.000Z');
      await send(two, ctx, 4);
      // What was told instead says more than that it was not.
      await waitFor('it is told again', 20_000, () => told.length >= 4).catch(() => undefined);
      expect(percents()).toEqual([80, 80, 95, 95]);
    });

    it('are known of within a second at another process that has asked before, far from the limit', async () => {
      // Four fifths of it are further from it than from where sends of all processes take turns.
      const ctx = await context({ messages: 14_000 });
      const [one, two] = [aProcess(), aProcess()];
      await two.messages.requireRoom(ctx);
      await send(one, ctx, 11_250);
      await waitFor('one tells', 1_700, async () => {
        await one.messages.requireRoom(ctx);
        await send(two, ctx);
        return told.length > 0;
      });
      expect(percents()).toEqual([80]);
    });

    it('are held while Redis is away', async () => {
      const away = {
        multi: () => ({ incrby: () => ({ expire: () => ({ exec: () => Promise.reject(new Error('away')) }) }) }),
      };
      const ctx = await context({ messages: 25 });
      const processes = [aProcess(away as never), aProcess(away as never)];
      expect(await through(40, (at) => send(processes[at % 2]!, ctx))).toBe(25);
    });
  });
});
