import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Body, Controller, Module, Param, Post, Res } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { IsOptional, IsString } from 'class-validator';
import type { FastifyReply } from 'fastify';
import type { ObjectId } from 'bson';
import { idempotencyKeys } from '#caas/access/testing';
import { AccessModule, Idempotent, NewId, UserTokens } from '#caas/access';
import { TenantsService } from '#caas/control-plane';
import { conflict, RequestContext, type Tier } from '#caas/kernel';
import { createHttpApplication, Ctx } from '#caas/platform/http';
import { CaasIoAdapter } from '#caas/platform/realtime';
import { RequestContexts, TenantDirectory } from '#caas/tenancy';
import { Caller, TIERS } from '#caas/testing';
import { SignalDevice } from '../support/signal-device';

/** The work of the routes below: counted, and held up until a test lets it go on. */
const work = { done: 0, held: null as Promise<void> | null, fails: false };

class ThingDto {
  @IsOptional()
  @IsString()
  name?: string;
}

@Controller('v1/test-things')
class ThingsController {
  @Post(':kind')
  @Idempotent()
  async make(
    @Ctx() ctx: RequestContext,
    @NewId() id: ObjectId,
    @Param('kind') kind: string,
    @Body() body: ThingDto,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    work.done += 1;
    const number = work.done;
    await work.held;
    if (work.fails) throw conflict('not_today', 'Not today.');
    if (kind === 'known') void reply.status(200);
    return kind === 'nothing'
      ? undefined
      : { number, id: id.toHexString(), tenant: ctx.tenantId, $name: { 'a.b': body.name } };
  }
}

/* The environment is read when the api's module is loaded. */
const dataDir = mkdtempSync(join(tmpdir(), 'caas-idempotency-'));
Object.assign(process.env, {
  NODE_ENV: 'test',
  LOG_LEVEL: 'warn',
  DATA_DIR: dataDir,
  RATE_LIMITS_FACTOR: '1000',
  PLATFORM_ADMIN_KEY: randomBytes(16).toString('hex'),
});

let app: NestFastifyApplication;
let url: string;
beforeAll(async () => {
  const { AppModule } = jest.requireActual<typeof import('../../apps/api/src/app.module.js')>(
    '../../apps/api/src/app.module',
  );
  @Module({ imports: [AppModule, AccessModule], controllers: [ThingsController] })
  class TestModule {}
  app = await createHttpApplication(TestModule);
  app.useWebSocketAdapter(new CaasIoAdapter(app));
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${(app.getHttpServer().address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const { tenant } of tenants) await app.get(TenantsService).delete(SYSTEM, tenant._id as never);
  await app.close();
  rmSync(dataDir, { recursive: true, force: true });
});

type CreatedTenant = Awaited<ReturnType<TenantsService['create']>>;
const SYSTEM = { name: 'system', requestId: 'test' } as const;
const tenants: CreatedTenant[] = [];
async function tenant(tier: Tier): Promise<CreatedTenant> {
  const made = await app.get(TenantsService).create(SYSTEM, { name: 'Test', tier });
  tenants.push(made);
  await new Caller(url, made.serverKey.key).put('/v1/users/anna', {});
  return made;
}
describe.each(TIERS)('Idempotency-Key, tenant %s', (tier) => {
  let made: CreatedTenant;
  let server: Caller;
  const post = (key: string | null, path = 'thing', body: object = { name: 'x' }, caller = server) =>
    caller.call('POST', `/v1/test-things/${path}`, body, key === null ? {} : { 'idempotency-key': key });
  beforeAll(async () => {
    made = await tenant(tier);
    server = new Caller(url, made.serverKey.key);
  });
  beforeEach(() => Object.assign(work, { done: 0, held: null, fails: false }));

  it('answers a repetition with the first answer, and does the work once', async () => {
    const first = await post('once');
    expect(first).toMatchObject({ status: 201, body: { number: 1, $name: { 'a.b': 'x' } } });
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    const again = await post('once');
    expect([again.status, again.body]).toEqual([first.status, first.body]);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(work.done).toBe(1);
  });

  it('does the work each time without a key, and for each key', async () => {
    for (const key of [null, null, 'one', 'two']) expect((await post(key)).status).toBe(201);
    expect(work.done).toBe(4);
  });

  it('keeps the status that the route chose, and an answer without a body', async () => {
    expect([(await post('200', 'known')).status, (await post('200', 'known')).status]).toEqual([200, 200]);
    const answers = [await post('empty', 'nothing'), await post('empty', 'nothing')];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [201, null],
      [201, null],
    ]);
    expect(work.done).toBe(2);
  });

  it('refuses the key for another body or another path', async () => {
    await post('taken');
    for (const other of [post('taken', 'thing', { name: 'y' }), post('taken', 'other')]) {
      expect(await other).toMatchObject({ status: 422, body: { code: 'idempotency_mismatch' } });
    }
    expect(work.done).toBe(1);
  });

  it.each([1, 2, 3, 4])(
    'does the work once for requests that race, and asks the others to wait (round %i)',
    async (round) => {
      let letGo!: () => void;
      work.held = new Promise((resolve) => (letGo = resolve));
      const racing = Array.from({ length: 8 }, () => post(`race${round}`));
      const early = await Promise.race(racing);
      expect(early).toMatchObject({ status: 409, body: { code: 'idempotency_in_progress' } });
      expect(early.headers.get('retry-after')).toBe('1');
      letGo();
      const statuses = (await Promise.all(racing)).map(({ status }) => status);
      expect(statuses).toContain(201);
      expect(statuses.filter((status) => status !== 201 && status !== 409)).toEqual([]);
      expect((await post(`race${round}`)).body).toMatchObject({ number: 1 });
      expect(work.done).toBe(1);
    },
  );

  it('keeps no failure: the next request does the work', async () => {
    work.fails = true;
    expect((await post('unlucky')).status).toBe(409);
    expect((await post('unlucky', 'thing', { unknown: 1 })).status).toBe(400);
    work.fails = false;
    expect(await post('unlucky')).toMatchObject({ status: 201, body: { number: 2 } });
  });

  it('takes an attempt over that died without an answer, under the id of the first', async () => {
    const { body: first } = await post('died');
    await age('died', { status: null, body: null, working_until: new Date(Date.now() - 1000) });
    const [one, other] = await Promise.all([post('died'), post('died')]);
    expect([one.status, other.status]).toContain(201);
    expect((await post('died')).body).toMatchObject({ number: 2, id: first.id });
    expect(work.done).toBe(2);
  });

  it('opens no second group after an attempt that died between its work and its answer', async () => {
    await server.put('/v1/users/ben', {});
    const anna = new Caller(url, made.serverKey.key, { 'x-acting-user': 'anna' });
    const wanted = { type: 'group', name: 'Plans', member_ids: ['ben'] };
    const open = () => anna.call('POST', '/v1/conversations', wanted, { 'idempotency-key': 'plans' });
    const first = await open();
    await age('plans', { status: null, body: null, working_until: new Date(Date.now() - 1000) });
    const second = await open();
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect((await anna.get('/v1/conversations')).body.data).toHaveLength(1);
  });

  it('gives the same key bundle again after an attempt that died before its answer', async () => {
    const ben = new Caller(url, made.serverKey.key, { 'x-acting-user': 'ben' });
    await server.put('/v1/users/ben', {});
    await ben.put('/v1/users/me/devices/1', { platform: 'ios' });
    await ben.put('/v1/users/me/devices/1/keys', new SignalDevice('ben').upload(3));
    const anna = new Caller(url, made.serverKey.key, { 'x-acting-user': 'anna' });
    const claim = () => anna.call('POST', '/v1/users/ben/key-bundles', undefined, { 'idempotency-key': 'bundle' });
    const first = await claim();
    await age('bundle', { status: null, body: null, working_until: new Date(Date.now() - 1000) });
    const second = await claim();
    expect(first.body.data[0].one_time_prekey.key_id).toBe(1);
    expect([second.status, second.body]).toEqual([200, first.body]);
    const { body: left } = await ben.get('/v1/users/me/devices/1/keys/status');
    expect(left).toMatchObject({ one_time_prekeys: 2, one_time_kyber_prekeys: 2 });
  });

  it('forgets after a day, whether or not the engine has cleared it away', async () => {
    const yesterday = await post('yesterday');
    await age('yesterday', { expires_at: new Date(Date.now() - 1000) });
    const next = await post('yesterday', 'thing', { name: 'new' });
    expect(next).toMatchObject({ status: 201, body: { number: 2 } });
    expect(next.body.id).not.toBe(yesterday.body.id);
  });

  it('keeps the keys of users, of the server and of tenants apart', async () => {
    const anna = new Caller(url, made.serverKey.key, { 'x-acting-user': 'anna' });
    const { token } = await app.get(UserTokens).issue(made.tenant._id as never, 'anna', { expiresInSeconds: 60 });
    const other = await tenant(tier);
    expect((await post('mine')).body).toMatchObject({ number: 1 });
    expect((await post('mine', 'thing', { name: 'x' }, anna)).body).toMatchObject({ number: 2 });
    // The same user, by whichever credential.
    expect((await post('mine', 'thing', { name: 'x' }, new Caller(url, token))).body).toMatchObject({ number: 2 });
    const theirs = await post('mine', 'thing', { name: 'x' }, new Caller(url, other.serverKey.key));
    expect(theirs.body).toMatchObject({ number: 3, tenant: other.tenant._id });
  });

  it.each(['', ' ', 'a b', 'é', 'x'.repeat(256)])('refuses %p for a key', async (key) => {
    const { status, body } = await post(key);
    expect([status, body.code]).toEqual([400, 'invalid_idempotency_key']);
    expect(work.done).toBe(0);
  });

  it('asks for the credential before it answers', async () => {
    await post('private');
    expect((await post('private', 'thing', { name: 'x' }, new Caller(url, null))).status).toBe(401);
  });

  /** Changes a key's row as time, or a crash, would have. */
  async function age(key: string, changes: Record<string, unknown>): Promise<void> {
    const found = await app.get(TenantDirectory).find(made.tenant._id as never);
    const ctx = app.get(RequestContexts).open(found!, { kind: 'system', name: 'test' }, 'test');
    const { matched } = await ctx
      .repository(idempotencyKeys)
      .updateOne({ key }, { $set: changes as object as Record<`${string}.${string}`, unknown> });
    expect(matched).toBe(1);
  }
});
