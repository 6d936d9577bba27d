import { randomBytes } from 'node:crypto';
import { x25519 } from '@noble/curves/ed25519.js';
import { sharedSystem, waitFor, type Answer, type Caller } from '#caas/testing';
import { chainOf, isContinued, isIncluded, leafHashOf, type LogEntry } from '../support/key-log-auditor';
import { SignalDevice, type Bundle, type Upload } from '../support/signal-device';

const system = sharedSystem();

const b64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe.each(['starter', 'pro', 'enterprise'] as const)('Keys on the tier %s', (tier) => {
  const tenant = system.session(tier);
  let users = 0;

  /** A user with a registered device, at one of the apis. */
  async function person(deviceId = '1', api = 0) {
    const name = `user-${(users += 1)}`;
    await tenant.users(name);
    const caller = tenant.acting(name, api);
    await caller.put(`/v1/users/me/devices/${deviceId}`, { platform: 'ios' });
    return { name, caller, device: new SignalDevice(name, Number(deviceId) || 127) };
  }
  const put = (caller: Caller, upload: Upload, deviceId = '1') =>
    caller.put(`/v1/users/me/devices/${deviceId}/keys`, upload);
  const status = async (caller: Caller, deviceId = '1') =>
    (await caller.get(`/v1/users/me/devices/${deviceId}/keys/status`)).body;
  const claim = (caller: Caller, name: string, headers: Record<string, string> = {}, method = 'GET') =>
    caller.call(method, `/v1/users/${name}/key-bundles`, undefined, headers);
  const bundlesOf = async (caller: Caller, name: string): Promise<Bundle[]> => (await claim(caller, name)).body.data;
  const bundleOf = async (caller: Caller, name: string): Promise<Bundle> => (await bundlesOf(caller, name))[0]!;
  const codeOf = ({ status: code, body }: Answer) => [code, body?.code];

  describe('two clients that know each other only by what they published', () => {
    it('establish a session at different processes and decrypt each other, both ways', async () => {
      const [anna, ben] = [await person('1', 0), await person('1', 1)];
      for (const { caller, device } of [anna, ben]) expect((await put(caller, device.upload(2))).status).toBe(201);
      const bundle = await bundleOf(anna.caller, ben.name);
      expect(bundle.one_time_prekey).not.toBeNull();
      await anna.device.meet(ben.name, bundle);
      const first = await anna.device.seal(ben.device, 'hello ben');
      expect(first.type).toBe(3);
      expect(await ben.device.open(anna.device, first)).toBe('hello ben');
      expect(await anna.device.open(ben.device, await ben.device.seal(anna.device, 'hello anna'))).toBe('hello anna');
      expect(await ben.device.open(anna.device, await anna.device.seal(ben.device, 'and on'))).toBe('and on');
      // The one-time key is used up: what came first cannot come again.
      await expect(ben.device.open(anna.device, first)).rejects.toThrow();
    });

    it('do so with the last-resort key when the one-time keys have run out', async () => {
      const [anna, ben] = [await person(), await person()];
      const upload = ben.device.upload(1);
      await put(ben.caller, upload);
      await bundleOf((await person()).caller, ben.name);
      const bundle = await bundleOf(anna.caller, ben.name);
      expect(bundle).toMatchObject({ one_time_prekey: null, kyber_prekey: upload.last_resort_kyber_prekey });
      await anna.device.meet(ben.name, bundle);
      expect(await ben.device.open(anna.device, await anna.device.seal(ben.device, 'late'))).toBe('late');
    });

    it('notice a bundle that somebody swapped or signed anew', async () => {
      const [anna, ben, eve] = [await person(), await person(), await person()];
      await put(ben.caller, ben.device.upload(1));
      const bundle = await bundleOf(anna.caller, ben.name);
      const other = eve.device.kyberPrekey(1);
      await expect(anna.device.meet(ben.name, { ...bundle, kyber_prekey: other })).rejects.toThrow('signature');
      const own = { ...bundle.signed_prekey, signature: eve.device.sign(bundle.signed_prekey.public_key) };
      await expect(anna.device.meet(ben.name, { ...bundle, signed_prekey: own })).rejects.toThrow('signature');
    });
  });

  describe('an upload', () => {
    it('answers what there is, and is repeated without effect', async () => {
      const { caller, device } = await person();
      const upload = device.upload(3);
      const first = await put(caller, upload);
      expect([first.status, (await put(caller, upload)).status]).toEqual([201, 200]);
      expect(await status(caller)).toEqual({
        device_id: '1',
        signal_device_id: 1,
        registration_id: upload.registration_id,
        identity_key: upload.identity_key,
        signed_prekey_id: upload.signed_prekey.key_id,
        last_resort_kyber_prekey_id: upload.last_resort_kyber_prekey.key_id,
        one_time_prekeys: 3,
        one_time_kyber_prekeys: 3,
      });
      expect((await put(caller, device.oneTime(2, 10))).body).toMatchObject({
        one_time_prekeys: 5,
        one_time_kyber_prekeys: 5,
      });
      expect((await put(caller, {})).status).toBe(200);
    });

    it('is the same upload once, however often it comes at once', async () => {
      const { caller, name, device } = await person();
      const upload = device.upload(20);
      const other = tenant.acting(name, 1);
      const answers = await Promise.all([caller, other, caller, other].map((one) => put(one, upload)));
      expect(answers.map(({ status: code }) => code).sort()).toEqual([200, 200, 200, 201]);
      expect(await status(caller)).toMatchObject({ one_time_prekeys: 20, one_time_kyber_prekeys: 20 });
      const { body } = await caller.get(`/v1/key-log?external_id=${name}`);
      expect(body.data.map(({ action }: LogEntry) => action)).toEqual(['added']);
    });

    it('needs its device, and everything of an identity at first', async () => {
      const { caller, device } = await person();
      expect(codeOf(await put(caller, device.upload(1), 'other'))).toEqual([404, 'device_not_found']);
      expect((await caller.get('/v1/users/me/devices/other/keys/status')).status).toBe(404);
      expect(await status(caller)).toMatchObject({ identity_key: null, one_time_prekeys: 0 });
      for (const part of ['registration_id', 'identity_key', 'signed_prekey', 'last_resort_kyber_prekey'] as const) {
        const answer = await put(caller, { ...device.upload(1), [part]: undefined });
        expect(answer).toMatchObject({ status: 400, body: { code: 'keys_incomplete', errors: [{ field: part }] } });
      }
      await put(caller, device.upload(1));
      const anew = { ...new SignalDevice('x').upload(0), last_resort_kyber_prekey: undefined };
      expect(codeOf(await put(caller, anew))).toEqual([400, 'keys_incomplete']);
      expect(codeOf(await tenant.server().put('/v1/users/me/devices/1/keys', {}))).toEqual([
        400,
        'acting_user_required',
      ]);
    });

    it('is refused with keys that are swapped, signed by another or signed for another use', async () => {
      const { caller, device } = await person();
      const eve = new SignalDevice('eve');
      const upload = device.upload(2);
      const [one, two] = upload.one_time_kyber_prekeys as [(typeof upload.one_time_kyber_prekeys)[0], never];
      const flipped = Buffer.from(upload.signed_prekey.signature, 'base64');
      flipped[5]! ^= 1;
      const wrong: [Upload, string][] = [
        [{ identity_key: b64(eve.identity.publicKey.serialize()) }, 'signed_prekey.signature'],
        [
          { signed_prekey: { ...upload.signed_prekey, public_key: eve.signedPrekey(1).public_key } },
          'signed_prekey.signature',
        ],
        [
          { signed_prekey: { ...upload.signed_prekey, signature: eve.sign(upload.signed_prekey.public_key) } },
          'signed_prekey.signature',
        ],
        [{ signed_prekey: { ...upload.signed_prekey, signature: b64(flipped) } }, 'signed_prekey.signature'],
        [
          {
            last_resort_kyber_prekey: { ...one, signature: upload.last_resort_kyber_prekey.signature },
            one_time_kyber_prekeys: [],
          },
          'last_resort_kyber_prekey.signature',
        ],
        [
          { one_time_kyber_prekeys: [one, { ...(two as typeof one), signature: one.signature }] },
          'one_time_kyber_prekeys.1.signature',
        ],
      ];
      for (const [part, field] of wrong) {
        const answer = await put(caller, { ...upload, ...part });
        expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_signature' } });
        expect(answer.body.errors[0].field).toBe(field);
      }
      expect((await status(caller)).identity_key).toBeNull();
    });

    it('is refused with keys that are none, and above all with private ones', async () => {
      const { caller, device } = await person();
      const upload = device.upload(1);
      const scalar = b64(device.identity.privateKey.serialize());
      const key = (bytes: Uint8Array) => ({ one_time_prekeys: [{ key_id: 1, public_key: b64(bytes) }] });
      const typed = (rest: Uint8Array) => key(Buffer.concat([Buffer.from([5]), rest]));
      const notCanonical = Buffer.alloc(32, 0xff);
      const wrong: [Upload, string][] = [
        [key(randomBytes(32)), 'private_key_refused'],
        [{ one_time_prekeys: [{ key_id: 1, public_key: scalar }] }, 'private_key_refused'],
        [{ identity_key: scalar }, 'private_key_refused'],
        [
          { one_time_kyber_prekeys: [{ ...upload.one_time_kyber_prekeys[0]!, public_key: b64(randomBytes(3169)) }] },
          'private_key_refused',
        ],
        [key(Buffer.concat([Buffer.from([6]), x25519.keygen().publicKey])), 'invalid_keys'],
        [key(Buffer.concat([Buffer.from([5]), randomBytes(33)])), 'invalid_keys'],
        [typed(notCanonical), 'invalid_keys'],
        [typed(Buffer.alloc(32)), 'invalid_keys'],
        [typed(Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])), 'invalid_keys'],
        [
          { one_time_prekeys: [{ key_id: 1, public_key: upload.identity_key.replace(/=*$/, '') + '!' }] },
          'invalid_keys',
        ],
        [{ one_time_prekeys: [{ key_id: 1, public_key: upload.identity_key }] }, 'invalid_keys'],
        [{ one_time_prekeys: [upload.one_time_prekeys[0]!, { ...device.prekey(1) }] }, 'invalid_keys'],
        [{ signed_prekey: { ...upload.signed_prekey, signature: b64(randomBytes(63)) } }, 'invalid_keys'],
        [{ signed_prekey: { ...upload.signed_prekey, key_id: 0x1000000 } }, 'validation_failed'],
        [{ registration_id: 0x4000 }, 'validation_failed'],
        [{ registration_id: 0 }, 'validation_failed'],
        [{ one_time_prekeys: Array.from({ length: 101 }, () => upload.one_time_prekeys[0]!) }, 'validation_failed'],
        [{ private_key: scalar } as never, 'validation_failed'],
      ];
      for (const [part, code] of wrong) expect(codeOf(await put(caller, { ...upload, ...part }))).toEqual([400, code]);
      expect((await put(caller, upload)).status).toBe(201);
    });

    it('takes no key twice: not under another id, not after its use, not from another device or user', async () => {
      const [anna, ben] = [await person(), await person()];
      const upload = anna.device.upload(2);
      await put(anna.caller, upload);
      const [used] = upload.one_time_prekeys;
      expect((await bundleOf(ben.caller, anna.name)).one_time_prekey).toEqual(used);
      // The same upload again is a repetition, and the used keys stay used.
      expect((await put(anna.caller, upload)).body).toMatchObject({ one_time_prekeys: 1, one_time_kyber_prekeys: 1 });
      const again = { one_time_prekeys: [{ ...used!, key_id: 77 }] };
      expect(codeOf(await put(anna.caller, again))).toEqual([409, 'key_reused']);
      expect(codeOf(await put(anna.caller, { one_time_prekeys: [anna.device.prekey(2)] }))).toEqual([
        409,
        'key_id_taken',
      ]);
      // All of Anna's bundle as Ben's own.
      expect(codeOf(await put(ben.caller, upload))).toEqual([409, 'key_reused']);
      const signed = anna.device.signedPrekey(2);
      const as = { ...upload, signed_prekey: signed, last_resort_kyber_prekey: anna.device.kyberPrekey(800) };
      const stolen = { ...as, one_time_prekeys: [], one_time_kyber_prekeys: [] };
      expect(codeOf(await put(ben.caller, stolen))).toEqual([409, 'identity_key_taken']);
      const mixed = { ...ben.device.upload(0), one_time_prekeys: [used!] };
      expect(codeOf(await put(ben.caller, mixed))).toEqual([409, 'key_reused']);
      // A signed prekey that was replaced does not come back.
      expect((await put(anna.caller, { signed_prekey: signed })).body.signed_prekey_id).toBe(2);
      expect(codeOf(await put(anna.caller, { signed_prekey: upload.signed_prekey }))).toEqual([409, 'key_replayed']);
      expect(codeOf(await put(anna.caller, { signed_prekey: anna.device.signedPrekey(2) }))).toEqual([
        409,
        'key_id_taken',
      ]);
    });

    it('keeps at most two hundred of each kind', async () => {
      const { caller, device } = await person();
      await put(caller, device.upload(0));
      const batch = (firstId: number) => ({
        one_time_prekeys: Array.from({ length: 100 }, (_, at) => device.prekey(firstId + at)),
      });
      expect((await put(caller, batch(1))).status).toBe(200);
      expect((await put(caller, batch(101))).body.one_time_prekeys).toBe(200);
      expect(codeOf(await put(caller, { one_time_prekeys: [device.prekey(300)] }))).toEqual([409, 'too_many_prekeys']);
    });
  });

  describe('a claim', () => {
    it('hands out the oldest first, and the same again to the same claimer under one Idempotency-Key', async () => {
      const [anna, ben, cleo] = [await person(), await person(), await person()];
      const upload = anna.device.upload(3);
      await put(anna.caller, upload);
      const key = { 'idempotency-key': 'first' };
      // To ask for the headers alone takes nothing.
      await ben.caller.raw('HEAD', `/v1/users/${anna.name}/key-bundles`);
      const first = await claim(ben.caller, anna.name, key, 'POST');
      expect(first.body.data[0]).toMatchObject({
        device_id: '1',
        one_time_prekey: upload.one_time_prekeys[0],
        kyber_prekey: upload.one_time_kyber_prekeys[0],
      });
      const replay = await claim(tenant.acting(ben.name, 1), anna.name, key, 'POST');
      expect([replay.status, replay.body, replay.headers.get('idempotency-replayed')]).toEqual([
        200,
        first.body,
        'true',
      ]);
      // Of somebody else the key is another one.
      expect((await claim(cleo.caller, anna.name, key, 'POST')).body.data[0].one_time_prekey.key_id).toBe(2);
      expect(
        (await claim(ben.caller, anna.name, { 'idempotency-key': 'second' })).body.data[0].one_time_prekey.key_id,
      ).toBe(3);
      expect(await status(anna.caller)).toMatchObject({ one_time_prekeys: 0, one_time_kyber_prekeys: 0 });
    });

    it('gets a hundred different keys for a hundred callers at two processes at once', async () => {
      const anna = await person();
      const upload = anna.device.upload(100);
      expect((await put(anna.caller, upload)).status).toBe(201);
      const callers = await Promise.all(
        Array.from({ length: 100 }, async (_, at) => {
          await tenant.server(at % 2).put(`/v1/users/racer-${at}`, {});
          return tenant.acting(`racer-${at}`, at % 2);
        }),
      );
      const answers = await Promise.all(callers.map((caller) => claim(caller, anna.name)));
      const bundles = answers.map(({ body }) => body.data[0] as Bundle);
      expect(new Set(bundles.map(({ one_time_prekey }) => one_time_prekey?.public_key))).toEqual(
        new Set(upload.one_time_prekeys.map(({ public_key }) => public_key)),
      );
      expect(new Set(bundles.map(({ kyber_prekey }) => kyber_prekey.public_key))).toEqual(
        new Set(upload.one_time_kyber_prekeys.map(({ public_key }) => public_key)),
      );
      const [late] = await Promise.all(callers.slice(0, 10).map((caller) => bundleOf(caller, anna.name)));
      expect(late).toMatchObject({ one_time_prekey: null, kyber_prekey: upload.last_resort_kyber_prekey });
    });

    it('gives a bundle for each device, under Signal’s number for it', async () => {
      const anna = await person('phone');
      await put(anna.caller, anna.device.upload(1), 'phone');
      for (const id of ['3', 'tablet', 'watch']) {
        await anna.caller.put(`/v1/users/me/devices/${id}`, { platform: 'other' });
        if (id !== 'watch') await put(anna.caller, new SignalDevice(anna.name, 1).upload(1), id);
      }
      const ben = await person();
      const numbers = (await bundlesOf(ben.caller, anna.name)).map(({ device_id, signal_device_id }) => [
        device_id,
        signal_device_id,
      ]);
      expect(numbers).toEqual([
        ['3', 3],
        ['tablet', 126],
        ['phone', 127],
      ]);
      // Also to the user's own other devices, and of one device alone.
      const own = await anna.caller.get('/v1/users/me/key-bundles?device_id=3');
      expect(own.body.data.map(({ device_id }: Bundle) => device_id)).toEqual(['3']);
      await anna.caller.put('/v1/users/me/devices/126', { platform: 'other' });
      expect(codeOf(await put(anna.caller, new SignalDevice(anna.name).upload(0), '126'))).toEqual([
        409,
        'device_number_taken',
      ]);
    });

    it('is for nobody whom the user blocks, and not without end', async () => {
      const [anna, ben] = [await person(), await person()];
      await put(anna.caller, anna.device.upload(1));
      await anna.caller.put(`/v1/users/me/relationships/${ben.name}`, { type: 'block' });
      expect(codeOf(await claim(ben.caller, anna.name))).toEqual([403, 'blocked']);
      expect((await status(anna.caller)).one_time_prekeys).toBe(1);
      expect(codeOf(await claim(ben.caller, 'nobody'))).toEqual([404, 'user_not_found']);
      expect((await bundlesOf(anna.caller, ben.name)).length).toBe(0);
      await tenant.server().patch('/v1/settings', { encryption: { claims_per_hour: 4 } });
      const cleo = await person();
      await waitFor('both apis know the setting', 5_000, async () => {
        const answers = [await claim(cleo.caller, anna.name), await claim(tenant.acting(cleo.name, 1), anna.name)];
        return answers.every(({ status: code }) => code === 429);
      });
      const dora = await person('1', 1);
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, at) => claim(tenant.acting(dora.name, at % 2), anna.name)),
      );
      await tenant.server().patch('/v1/settings', { encryption: null });
      expect(answers.filter(({ status: code }) => code === 200)).toHaveLength(4);
      expect(codeOf(answers.find(({ status: code }) => code !== 200)!)).toEqual([429, 'rate_limited']);
      expect(Number(answers.find(({ status: code }) => code === 429)!.headers.get('retry-after'))).toBeGreaterThan(0);
    });
  });

  describe('news', () => {
    it('tells the owner at another process that keys run low, and that none are left', async () => {
      const [anna, ben] = [await person(), await person()];
      await put(anna.caller, anna.device.upload(21));
      const owner = await tenant.socket(anna.name, 1);
      const stranger = await tenant.socket(ben.name, 1);
      for (let left = 20; left >= 0; left -= 1) await claim(ben.caller, anna.name);
      const none = { device_id: '1', signal_device_id: 1, one_time_prekeys: 0, one_time_kyber_prekeys: 0 };
      await waitFor('none left', 5_000, () => owner.of('keys.low').at(-1)?.data['one_time_prekeys'] === 0);
      expect(owner.of('keys.low').at(-1)!.data).toEqual(none);
      // Of either kind: they are counted one after the other, while claims go on.
      const { one_time_prekeys, one_time_kyber_prekeys } = owner.of('keys.low')[0]!.data as Record<string, number>;
      expect(Math.min(one_time_prekeys!, one_time_kyber_prekeys!)).toBeLessThan(20);
      expect(stranger.of('keys.low')).toEqual([]);
    });

    it('tells conversation peers and the user’s own devices of another identity key, and nobody else', async () => {
      const [anna, ben, cleo, dora] = [await person(), await person(), await person(), await person()];
      await put(anna.caller, anna.device.upload(2));
      for (const { name } of [ben, dora]) await tenant.room(anna.name, [name], { type: 'direct' });
      await anna.caller.put(`/v1/users/me/relationships/${dora.name}`, { type: 'block' });
      const [own, peer, stranger, blocked] = [
        await tenant.socket(anna.name, 0),
        await tenant.socket(ben.name, 1),
        await tenant.socket(cleo.name, 1),
        await tenant.socket(dora.name, 0),
      ];
      const anew = new SignalDevice(anna.name);
      const upload = anew.upload(1, 50);
      expect((await put(anna.caller, upload)).status).toBe(200);
      const told = {
        changes: [expect.objectContaining({ device_id: '1', change: 'changed', identity_key: upload.identity_key })],
      };
      for (const socket of [own, peer]) {
        await waitFor('keys.changed', 5_000, () => socket.of('keys.changed').length > 0);
        expect(socket.of('keys.changed').map(({ data }) => data)).toEqual([told]);
      }
      expect([stranger, blocked].flatMap((socket) => socket.of('keys.changed'))).toEqual([]);
      // Nothing of the identity before is handed out.
      expect(await status(anna.caller)).toMatchObject({ one_time_prekeys: 1, one_time_kyber_prekeys: 1 });
      await ben.device.meet(anna.name, await bundleOf(ben.caller, anna.name));
      expect((await bundleOf(ben.caller, anna.name)).one_time_prekey).toBeNull();
    });
  });

  describe('a device that is removed', () => {
    it('takes its keys with it, and so does a user', async () => {
      const [anna, ben] = [await person('1', 1), await person()];
      await put(anna.caller, anna.device.upload(1));
      expect((await anna.caller.delete('/v1/users/me/devices/1')).status).toBe(204);
      expect(await bundlesOf(ben.caller, anna.name)).toEqual([]);
      await anna.caller.put('/v1/users/me/devices/1', { platform: 'ios' });
      expect((await put(anna.caller, new SignalDevice(anna.name).upload(1))).status).toBe(201);
      const log = await tenant.server().get(`/v1/key-log?external_id=${anna.name}&direction=forward`);
      expect(log.body.data.map(({ action }: LogEntry) => action)).toEqual(['added', 'removed', 'changed']);
      expect((await tenant.server().delete(`/v1/users/${anna.name}`)).status).toBe(204);
      expect(codeOf(await claim(ben.caller, anna.name))).toEqual([404, 'user_not_found']);
      await tenant.server().put(`/v1/users/${anna.name}`, {});
      expect(await bundlesOf(ben.caller, anna.name)).toEqual([]);
    });
  });

  describe('the key log', () => {
    const whole = async (): Promise<{ entries: LogEntry[]; size: number; root_hash: string; chain_hash: string }> => {
      const entries: LogEntry[] = [];
      for (let cursor = ''; ;) {
        const { body } = await tenant.server(1).get(`/v1/key-log?direction=forward&limit=7${cursor}`);
        for (const entry of body.data as LogEntry[]) {
          expect(isIncluded(entry.leaf_hash, entry.index, body.size, entry.inclusion_proof, body.root_hash)).toBe(true);
        }
        entries.push(...body.data);
        if (!body.page.has_more) return { ...body, entries };
        cursor = `&cursor=${body.page.next_cursor}`;
      }
    };

    it('can be audited from its first entry on, also when many grow it at once', async () => {
      const before = await tenant.server().get('/v1/key-log');
      const people = await Promise.all(Array.from({ length: 12 }, (_, at) => person('1', at % 2)));
      const uploads = await Promise.all(people.map(({ caller, device }) => put(caller, device.upload(0))));
      expect(uploads.map(({ status: code }) => code)).toEqual(Array.from({ length: 12 }, () => 201));
      const { entries, size, root_hash, chain_hash } = await whole();
      expect(size).toBe(before.body.size + 12);
      expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: size }, (_, at) => at));
      expect(entries.map(({ leaf_hash }) => leaf_hash)).toEqual(entries.map(leafHashOf));
      expect(entries.map((entry) => entry.chain_hash)).toEqual(chainOf(entries));
      expect(chain_hash).toBe(entries.at(-1)!.chain_hash);
      const { body: grown } = await tenant.server().get(`/v1/key-log/proof?first=${before.body.size}`);
      expect(grown).toMatchObject({ first_root_hash: before.body.root_hash, size, root_hash });
      expect(isContinued(before.body.size, before.body.root_hash, size, root_hash, grown.proof)).toBe(true);
      const forged = before.body.root_hash.replace(/^./, (one: string) => (one === 'A' ? 'B' : 'A'));
      expect(isContinued(before.body.size, forged, size, root_hash, grown.proof)).toBe(false);
    });

    it('proves an entry in the tree of now and of then, and nothing that is not there', async () => {
      const { entries, size } = await whole();
      for (const inTree of [size, size - 1, 2]) {
        const { body } = await tenant.server().get(`/v1/key-log/proof?index=1&size=${inTree}`);
        expect(body.leaf_hash).toBe(entries[1]!.leaf_hash);
        expect(isIncluded(body.leaf_hash, 1, inTree, body.proof, body.root_hash)).toBe(true);
        expect(isIncluded(entries[0]!.leaf_hash, 1, inTree, body.proof, body.root_hash)).toBe(false);
        expect(body.proof.length).toBeLessThanOrEqual(Math.ceil(Math.log2(inTree)));
      }
      for (const query of [
        `index=${size}`,
        'first=0',
        `first=${size + 1}`,
        `index=0&size=${size + 1}`,
        'index=1&size=1',
      ]) {
        expect(codeOf(await tenant.server().get(`/v1/key-log/proof?${query}`))).toEqual([400, 'invalid_proof_range']);
      }
      for (const query of ['', 'index=1&first=1', 'index=-1', 'index=1.5', 'first=x']) {
        expect((await tenant.server().get(`/v1/key-log/proof?${query}`)).status).toBe(400);
      }
      const unknown = await tenant.server().get(`/v1/key-log?cursor=${'a'.repeat(24)}`);
      expect(codeOf(unknown)).toEqual([400, 'invalid_cursor']);
    });
  });
});
