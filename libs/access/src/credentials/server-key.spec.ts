import { parseTenantId } from '#caas/kernel';
import { ServerKeyStore, type ServerKeyRecord } from '../ports';
import { CredentialRefusals, type CredentialRefusal } from '../refusals';
import { newServerKey, ServerKeys } from './server-key';

class KeysInMemory extends ServerKeyStore {
  readonly records = new Map<string, ServerKeyRecord>();
  override find = (id: string) => Promise.resolve(this.records.get(id) ?? null);

  make(tenant: string): string {
    const { id, key, hash } = newServerKey();
    this.records.set(id, { id, hash, tenantId: parseTenantId(tenant) });
    return key;
  }
}

describe('ServerKeys', () => {
  const store = new KeysInMemory();
  const told: CredentialRefusal[] = [];
  const refusals = new CredentialRefusals();
  refusals.on((refusal) => told.push(refusal));
  const keys = new ServerKeys(store, refusals);
  const ofA = store.make('clnt_aaaaaa');
  const ofB = store.make('clnt_bbbbbb');
  const refused = (key: string) =>
    expect(keys.verify(key, 'req_test')).rejects.toMatchObject({ kind: 'unauthenticated', code: 'key_invalid' });
  beforeEach(() => told.splice(0));

  it('knows whose a key is', async () => {
    expect(await keys.verify(ofA, 'req_test')).toMatchObject({ tenantId: 'clnt_aaaaaa' });
  });

  it('refuses the id of B with the secret of A, and tells at whose door that was', async () => {
    const [, idOfB] = ofB.split('_');
    await refused(ofA.replace(/^sk_[^_]*/, `sk_${idOfB}`));
    expect(told).toEqual([
      {
        credential: 'server_key',
        reason: 'wrong_secret',
        tenantId: 'clnt_bbbbbb',
        keyId: idOfB,
        requestId: 'req_test',
      },
    ]);
  });

  it('refuses a key that nobody has, and what is no key', async () => {
    await refused(newServerKey().key);
    for (const nonsense of ['sk_', 'sk_x_y', `${ofA}x`, ofA.toUpperCase(), ofA.slice(0, -1), `${ofA}\n`]) {
      await refused(nonsense);
    }
    expect(told).toEqual([]);
  });
});
