import type { Placement } from '#caas/kernel';
import { guard } from '#caas/tenancy/testing';
import { TenancyHarness } from '#caas/testing/tenancy';
import { DRIVER_ATTACKS, MODEL_ATTACKS, REPOSITORY_ATTACKS, secrets, type Battlefield } from './attacks';

type Layer = 'repository' | 'schema' | 'firewall';

const PLACEMENTS: Placement[] = ['shared', 'prefixed', 'dedicated'];

describe.each(PLACEMENTS)('on the %s placement', (placement) => {
  let harness: TenancyHarness;
  let field: Battlefield;

  beforeAll(async () => {
    harness = new TenancyHarness([secrets]);
    const [tenantA, tenantB] = [await harness.tenant(placement), await harness.tenant(placement)];
    const [documentOfA] = await harness
      .context(tenantA)
      .repository(secrets)
      .insertMany([{ text: 'A', n: 1, friend: null }]);
    const [documentOfB] = await harness
      .context(tenantB)
      .repository(secrets)
      .insertMany(['CANARY 1', 'CANARY 2', 'CANARY 3'].map((text) => ({ text, n: 1, friend: null })));
    field = {
      a: harness.model(tenantA, secrets),
      b: harness.model(tenantB, secrets),
      tenantA,
      tenantB,
      documentOfA: documentOfA!._id,
      documentOfB: documentOfB!._id,
    };
  });
  afterEach(() => leaveOn('repository', 'schema', 'firewall'));
  afterAll(() => harness.close());

  /** The repository is always on where it is used: the model attacks go round it. */
  function leaveOn(...layers: Layer[]): void {
    guard.enabled = layers.includes('schema');
    harness.firewall.enabled = layers.includes('firewall');
  }

  async function dataOf(owner: 'tenantA' | 'tenantB'): Promise<string> {
    leaveOn('repository', 'schema', 'firewall');
    const documents = await harness
      .context(field[owner])
      .repository(secrets)
      .find({}, { withDeleted: true, sort: { _id: 1 } });
    return JSON.stringify(documents);
  }

  /** Refused or confined: nothing of B in the answer, and B's documents as they were. */
  async function withstands(layers: Layer[], attack: () => Promise<unknown>, mayWriteOwn = false): Promise<void> {
    const before = { a: await dataOf('tenantA'), b: await dataOf('tenantB') };
    leaveOn(...layers);
    const answer = await attack().catch((refusal: Error) => refusal.message);
    expect(JSON.stringify(answer ?? null)).not.toContain('CANARY');
    expect(await dataOf('tenantB')).toBe(before.b);
    if (!mayWriteOwn) expect(await dataOf('tenantA')).toBe(before.a);
  }

  describe('the schema guard alone', () => {
    it.each(Object.entries(MODEL_ATTACKS))('withstands %s', (name, attack) =>
      name.startsWith('watch') ? expect(attack(field)).rejects.toThrow() : withstands(['schema'], () => attack(field)),
    );
  });

  describe('the firewall alone', () => {
    it.each(Object.entries({ ...MODEL_ATTACKS, ...DRIVER_ATTACKS }))('withstands %s', async (_name, attack) => {
      const refusedBefore = harness.firewall.counts.refused;
      await withstands(['firewall'], () => attack(field));
      expect(harness.firewall.counts.refused).toBeGreaterThan(refusedBefore);
    });
  });

  describe('the repository alone', () => {
    it.each(Object.entries(REPOSITORY_ATTACKS))('withstands %s', async (_name, attack) => {
      await withstands(['repository'], () => attack(harness.context(field.tenantA), field), true);
      await harness.context(field.tenantA).repository(secrets).deleteMany({ _id: field.documentOfB });
    });
  });

  describe('with no layer at all', () => {
    it('leaks, so the attacks above are real', async () => {
      leaveOn();
      const leaking: string[] = [];
      const harmless =
        /estimated|save|watch|populate|insertMany|insertComplete|bulkWrite|update|findOneAnd|deleteMany|replace|upsert|tenant_id|\$merge|\$out/;
      for (const [name, attack] of Object.entries({
        ...MODEL_ATTACKS,
        'the raw collection': DRIVER_ATTACKS['the raw collection']!,
      })) {
        if (harmless.test(name)) continue;
        const answer = await attack(field).catch((error: Error) => error.message);
        if (JSON.stringify(answer).includes('CANARY')) leaking.push(name);
      }
      const within = [
        'find without a tenant',
        'findById',
        'distinct',
        'aggregate without a tenant',
        'the raw collection',
      ];
      // A pipeline does not leave its database, so a dedicated tenant's neighbours are out of its reach anyway.
      const across = placement === 'dedicated' ? [] : ['$lookup', '$unionWith by name', '$graphLookup'];
      expect(leaking).toEqual(expect.arrayContaining([...within, ...across]));
    });
  });
});
