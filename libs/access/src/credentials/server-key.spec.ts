import { parseTenantId } from '#caas/kernel';
import { ServerKeyStore, type ServerKeyRecord } from '../ports';
import type { CredentialAttempt } from '../failed-auth-events';
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
  const keys = new ServerKeys(store);
  let attempt: CredentialAttempt;
  const verify = (key: string) => keys.verify(key, (attempt = { requestId: 'req_test' }));
  const ofA = store.make('clnt_aaaaaa');
  const ofB = store.make('clnt_bbbbbb');
  const refused = (key: string) =>
    expect(verify(key)).rejects.toMatchObject({ kind: 'unauthenticated', code: 'key_invalid' });

  it('knows whose a key is', async () => {
    expect(await verify(ofA)).toMatchObject({ tenantId: 'clnt_aaaaaa' });
  });

  it('refuses the id of B with the secret of A, and tells at whose door that was', async () => {
    const [, idOfB] = ofB.split('_');
    await refused(ofA.replace(/^sk_[^_]*/, `sk_${idOfB}`));
    expect(attempt).toEqual({
      requestId: 'req_test',
      reason: 'wrong_secret',
      tenantId: 'clnt_bbbbbb',
      keyId: idOfB,
    });
  });

  it('refuses a key that nobody has, and what is no key', async () => {
    const { id, key } = newServerKey();
    await refused(key);
    expect(attempt).toEqual({ requestId: 'req_test', keyId: id });
    for (const nonsense of ['sk_', 'sk_x_y', `${ofA}x`, ofA.toUpperCase(), ofA.slice(0, -1), `${ofA}\n`]) {
      await refused(nonsense);
      expect(attempt).toEqual({ requestId: 'req_test' });
    }
  });
});
