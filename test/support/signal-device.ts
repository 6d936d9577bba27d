import {
  Direction,
  IdentityChange,
  IdentityKeyPair,
  IdentityKeyStore,
  KEMKeyPair,
  KEMPublicKey,
  KyberPreKeyRecord,
  KyberPreKeyStore,
  PreKeyBundle,
  PreKeyRecord,
  PreKeySignalMessage,
  PreKeyStore,
  PrivateKey,
  processPreKeyBundle,
  ProtocolAddress,
  PublicKey,
  SessionRecord,
  SessionStore,
  SignalMessage,
  signalDecrypt,
  signalDecryptPreKey,
  signalEncrypt,
  SignedPreKeyRecord,
  SignedPreKeyStore,
} from '@signalapp/libsignal-client';

export interface Key {
  key_id: number;
  public_key: string;
}
export interface SignedKey extends Key {
  signature: string;
}
export interface Upload {
  registration_id?: number;
  identity_key?: string;
  signed_prekey?: SignedKey;
  last_resort_kyber_prekey?: SignedKey;
  one_time_prekeys?: Key[];
  one_time_kyber_prekeys?: SignedKey[];
}
export interface Bundle {
  device_id: string;
  signal_device_id: number;
  registration_id: number;
  identity_key: string;
  signed_prekey: SignedKey;
  one_time_prekey: Key | null;
  kyber_prekey: SignedKey;
}
/** As it goes through a conversation's `encrypted`. */
export interface Sealed {
  type: number;
  body: string;
}

const PREKEY_MESSAGE = 3;
const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'base64'));

/** One device of a user, by Signal's own client library: its keys, its sessions, and nothing that is not of it or published. */
export class SignalDevice {
  identity = IdentityKeyPair.generate();
  registrationId = 1 + Math.floor(Math.random() * 16_380);
  private readonly stores = new Stores(this);

  constructor(
    readonly name: string,
    readonly number = 1,
  ) {}

  /** The first upload: everything, and so many one-time keys of each kind with ids from `firstId` on. */
  upload(oneTime: number, firstId = 1): Required<Upload> {
    return {
      registration_id: this.registrationId,
      identity_key: b64(this.identity.publicKey.serialize()),
      signed_prekey: this.signedPrekey(firstId),
      last_resort_kyber_prekey: this.kyberPrekey(900_000 + firstId),
      ...this.oneTime(oneTime, firstId),
    };
  }

  oneTime(count: number, firstId: number) {
    const ids = Array.from({ length: count }, (_, at) => firstId + at);
    return {
      one_time_prekeys: ids.map((id) => this.prekey(id)),
      one_time_kyber_prekeys: ids.map((id) => this.kyberPrekey(id)),
    };
  }

  prekey(key_id: number): Key {
    const key = PrivateKey.generate();
    this.stores.prekeys.set(key_id, PreKeyRecord.new(key_id, key.getPublicKey(), key));
    return { key_id, public_key: b64(key.getPublicKey().serialize()) };
  }

  signedPrekey(key_id: number): SignedKey {
    const key = PrivateKey.generate();
    const signature = this.identity.privateKey.sign(key.getPublicKey().serialize());
    this.stores.signed.set(key_id, SignedPreKeyRecord.new(key_id, Date.now(), key.getPublicKey(), key, signature));
    return { key_id, public_key: b64(key.getPublicKey().serialize()), signature: b64(signature) };
  }

  kyberPrekey(key_id: number): SignedKey {
    const key = KEMKeyPair.generate();
    const signature = this.identity.privateKey.sign(key.getPublicKey().serialize());
    this.stores.kyber.set(key_id, KyberPreKeyRecord.new(key_id, Date.now(), key, signature));
    return { key_id, public_key: b64(key.getPublicKey().serialize()), signature: b64(signature) };
  }

  /** The signature of this device under a key, whosever it is. */
  sign(publicKey: string): string {
    return b64(this.identity.privateKey.sign(bytes(publicKey)));
  }

  /** Begins a session with a device that is known by its published bundle only (PQXDH). @throws Error when a signature does not fit */
  async meet(user: string, bundle: Bundle): Promise<void> {
    const { one_time_prekey: one, signed_prekey: signed, kyber_prekey: kyber } = bundle;
    const published = PreKeyBundle.new(
      bundle.registration_id,
      bundle.signal_device_id,
      one?.key_id ?? null,
      one && PublicKey.deserialize(bytes(one.public_key)),
      signed.key_id,
      PublicKey.deserialize(bytes(signed.public_key)),
      bytes(signed.signature),
      PublicKey.deserialize(bytes(bundle.identity_key)),
      kyber.key_id,
      KEMPublicKey.deserialize(bytes(kyber.public_key)),
      bytes(kyber.signature),
    );
    const { sessions, identities } = this.stores;
    await processPreKeyBundle(
      published,
      ProtocolAddress.new(user, bundle.signal_device_id),
      this.address,
      sessions,
      identities,
    );
  }

  async seal(to: SignalDevice, text: string): Promise<Sealed> {
    const plain = Uint8Array.from(Buffer.from(text));
    const { sessions, identities } = this.stores;
    const sealed = await signalEncrypt(plain, to.address, this.address, sessions, identities);
    return { type: sealed.type(), body: b64(sealed.serialize()) };
  }

  async open(from: SignalDevice, { type, body }: Sealed): Promise<string> {
    const { sessions, identities, prekeyStore, signedStore, kyberStore } = this.stores;
    const plain =
      type === PREKEY_MESSAGE
        ? await signalDecryptPreKey(
            PreKeySignalMessage.deserialize(bytes(body)),
            from.address,
            this.address,
            sessions,
            identities,
            prekeyStore,
            signedStore,
            kyberStore,
          )
        : await signalDecrypt(SignalMessage.deserialize(bytes(body)), from.address, this.address, sessions, identities);
    return Buffer.from(plain).toString();
  }

  get address(): ProtocolAddress {
    return ProtocolAddress.new(this.name, this.number);
  }
}

/** What a device remembers, in memory. */
class Stores {
  readonly prekeys = new Map<number, PreKeyRecord>();
  readonly signed = new Map<number, SignedPreKeyRecord>();
  readonly kyber = new Map<number, KyberPreKeyRecord>();
  readonly sessions = new Sessions();
  readonly identities: Identities;
  readonly prekeyStore = new Prekeys(this.prekeys);
  readonly signedStore = new SignedPrekeys(this.signed);
  readonly kyberStore = new KyberPrekeys(this.kyber);

  constructor(device: SignalDevice) {
    this.identities = new Identities(device);
  }
}

class Sessions extends SessionStore {
  private readonly records = new Map<string, Uint8Array<ArrayBuffer>>();
  saveSession(name: ProtocolAddress, record: SessionRecord): Promise<void> {
    this.records.set(name.toString(), record.serialize());
    return Promise.resolve();
  }
  getSession(name: ProtocolAddress): Promise<SessionRecord | null> {
    const record = this.records.get(name.toString());
    return Promise.resolve(record ? SessionRecord.deserialize(record) : null);
  }
  async getExistingSessions(addresses: ProtocolAddress[]): Promise<SessionRecord[]> {
    return (await Promise.all(addresses.map((address) => this.getSession(address)))).filter((each) => each !== null);
  }
}

class Identities extends IdentityKeyStore {
  private readonly known = new Map<string, PublicKey>();
  constructor(private readonly device: SignalDevice) {
    super();
  }
  getIdentityKey(): Promise<PrivateKey> {
    return Promise.resolve(this.device.identity.privateKey);
  }
  getLocalRegistrationId(): Promise<number> {
    return Promise.resolve(this.device.registrationId);
  }
  saveIdentity(name: ProtocolAddress, key: PublicKey): Promise<IdentityChange> {
    const before = this.known.get(name.toString());
    this.known.set(name.toString(), key);
    return Promise.resolve(
      before && !before.equals(key) ? IdentityChange.ReplacedExisting : IdentityChange.NewOrUnchanged,
    );
  }
  isTrustedIdentity(name: ProtocolAddress, key: PublicKey, _direction: Direction): Promise<boolean> {
    return Promise.resolve(this.known.get(name.toString())?.equals(key) ?? true);
  }
  getIdentity(name: ProtocolAddress): Promise<PublicKey | null> {
    return Promise.resolve(this.known.get(name.toString()) ?? null);
  }
}

class Prekeys extends PreKeyStore {
  constructor(private readonly records: Map<number, PreKeyRecord>) {
    super();
  }
  savePreKey(id: number, record: PreKeyRecord): Promise<void> {
    return Promise.resolve(void this.records.set(id, record));
  }
  getPreKey(id: number): Promise<PreKeyRecord> {
    return found(this.records, id);
  }
  /** Used once: whoever comes with it again is not understood. */
  removePreKey(id: number): Promise<void> {
    return Promise.resolve(void this.records.delete(id));
  }
}

class SignedPrekeys extends SignedPreKeyStore {
  constructor(private readonly records: Map<number, SignedPreKeyRecord>) {
    super();
  }
  saveSignedPreKey(id: number, record: SignedPreKeyRecord): Promise<void> {
    return Promise.resolve(void this.records.set(id, record));
  }
  getSignedPreKey(id: number): Promise<SignedPreKeyRecord> {
    return found(this.records, id);
  }
}

class KyberPrekeys extends KyberPreKeyStore {
  constructor(private readonly records: Map<number, KyberPreKeyRecord>) {
    super();
  }
  saveKyberPreKey(id: number, record: KyberPreKeyRecord): Promise<void> {
    return Promise.resolve(void this.records.set(id, record));
  }
  getKyberPreKey(id: number): Promise<KyberPreKeyRecord> {
    return found(this.records, id);
  }
  markKyberPreKeyUsed(): Promise<void> {
    return Promise.resolve();
  }
}

function found<R>(records: Map<number, R>, id: number): Promise<R> {
  const record = records.get(id);
  return record ? Promise.resolve(record) : Promise.reject(new Error(`no key ${id}`));
}
