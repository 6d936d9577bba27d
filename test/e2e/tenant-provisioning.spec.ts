import { randomBytes } from 'node:crypto';
import { Caller, sharedSystem, TIERS } from '#caas/testing';

const system = sharedSystem();
const AT_ONCE = 8;
const ROUNDS = Number(process.env['PROVISIONING_ROUNDS'] ?? 4);

interface Created {
  id: string;
  name: string;
  server_key: { id: string; key: string };
  signing_key: { kid: string };
}

it.each(TIERS)(
  'of creations with one id on the tier %s one wins whole, and nothing of the others is left',
  async (tier) => {
    const operators = system.urls.map((url) => new Caller(url, system.platformKey));
    for (let round = 0; round < ROUNDS; round += 1) {
      const id = `clnt_${randomBytes(6).toString('hex')}`;
      const answers = await Promise.all(
        Array.from({ length: AT_ONCE }, (_, at) =>
          operators[at % 2]!.post('/platform/v1/tenants', { id, name: `name ${at}`, tier }),
        ),
      );
      const won = answers.findIndex(({ status }) => status === 201);
      const others = answers.filter((_, at) => at !== won);
      expect(others.map(({ status, body }) => `${status} ${body.code}`)).toEqual(
        Array.from({ length: AT_ONCE - 1 }, () => '409 tenant_exists'),
      );
      const created = answers[won]!.body as Created;
      expect(created.name).toBe(`name ${won}`);
      const tenant = `/platform/v1/tenants/${id}`;
      expect((await system.platform.get(tenant)).body).toMatchObject({ name: `name ${won}`, status: 'active' });
      for (const [kind, field, own] of [
        ['server-keys', 'id', created.server_key.id],
        ['signing-keys', 'kid', created.signing_key.kid],
      ] as const) {
        const { body } = await system.platform.get(`${tenant}/${kind}`);
        expect(body.data.map((key: Record<string, string>) => key[field])).toEqual([own]);
      }
      for (const url of system.urls) {
        const answer = await fetch(`${url}/v1/users`, {
          headers: { authorization: `Bearer ${created.server_key.key}` },
        });
        expect(answer.status).toBe(200);
      }
      expect((await system.platform.delete(tenant)).status).toBe(204);
    }
  },
);
