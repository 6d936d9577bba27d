import { createHmac } from 'node:crypto';
import { ownSystem, TIERS } from '#caas/testing';

/** One api, of which nothing else is asked: the commands that its metrics count are of these tests, and of its own background. */
const system = ownSystem({ logLevel: 'error', apps: ['api'] });

const commands = async (): Promise<number> => {
  const metrics = await system.metrics();
  return Number(/caas_tenant_firewall_commands\{outcome="passed"\} (\d+)/.exec(metrics)![1]);
};

/** Whether the api has sent commands to the database by the time that `call` is answered. */
async function asks(call: () => Promise<unknown>): Promise<number> {
  const before = await commands();
  await call();
  return (await commands()) > before ? 1 : 0;
}

/**
 * In how many of `rounds` a call asks the database, and in how many one does that needs nothing of it. What the api asks by itself
 * meanwhile, about once a second, falls on both alike, however fast the machine is.
 */
async function compare(
  rounds: number,
  call: (round: number) => Promise<unknown>,
): Promise<{ own: number; idle: number }> {
  const found = { own: 0, idle: 0 };
  for (let round = 0; round < rounds; round += 1) {
    found.own += await asks(() => call(round));
    found.idle += await asks(() => system.caller(null).get('/health/live'));
  }
  return found;
}

function sign(claims: object, header: object, secret: string): string {
  const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${b64(header)}.${b64(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

describe.each(TIERS)('The database, on the tier %s', (tier) => {
  const tenant = system.session(tier, 'anna', 'ben');

  // The fifth of the forty ways to reach another tenant: see test/isolation/transports/attacks.
  it.each([
    ['missing', undefined],
    ['null', null],
    ['empty', ''],
    ['a list', ['clnt_abcdef']],
    ['an object', { $ne: null }],
    ['malformed', 'clnt_../x'],
  ])('5: is asked nothing for a token whose tenant is %s, which is a 401', async (_what, tid) => {
    const { kid, secret } = tenant.signingKey;
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const caller = system.caller(sign({ tid, sub: 'anna', exp }, { alg: 'HS256', kid }, secret));
    const { own, idle } = await compare(20, async () => {
      const answer = await caller.get('/v1/users/me');
      expect(answer).toMatchObject({ status: 401, body: { code: 'token_invalid' } });
    });
    expect(own).toBeLessThan(idle + 15);
  });

  it('is asked nothing that one who types would wait for', async () => {
    const { id } = await tenant.room('anna', ['ben'], { type: 'direct' });
    const anna = await tenant.socket('anna');
    const type = (round: number) => anna.send(round % 2 ? 'typing.stop' : 'typing.start', { conversation_id: id });
    // The first learns whether she may.
    expect(await type(0)).toMatchObject({ ok: true });
    const { own, idle } = await compare(80, async (round) => {
      expect(await type(round + 1)).toMatchObject({ ok: true });
    });
    expect(own).toBeLessThan(idle + 40);
  });
});
