import { CaasError, invalid, type FieldError } from '#caas/kernel';
import type { NewPrekey } from '../claims/prekey-stock';
import { pointOf, readWire, WireProblem, type WireKind } from '../curve/wire-keys';
import { XEdDsaVerifier } from '../curve/xeddsa';
import type { SignedKey, UserKeys } from '../persistence/user-keys.schema';

export interface PublicKeyInput {
  key_id: number;
  public_key: string;
}

/** The body of an upload. The first upload must contain at least every field that is not a list. */
export interface KeyUpload {
  registration_id?: number;
  identity_key?: string;
  signed_prekey?: SignedKey;
  last_resort_kyber_prekey?: SignedKey;
  one_time_prekeys?: PublicKeyInput[];
  one_time_kyber_prekeys?: SignedKey[];
}

const PARTS = ['registration_id', 'identity_key', 'signed_prekey', 'last_resort_kyber_prekey'] as const;

/** An upload whose keys passed all checks. */
export interface CheckedUpload {
  /** Whether the device has no keys yet, or gets a new identity. */
  begins: boolean;
  kept: NewPrekey[];
  oneTime: NewPrekey[];
}

/**
 * Checks everything that does not depend on other keys: sizes, points, signatures, and the fields that a new identity needs.
 * @throws CaasError `keys_incomplete`, `private_key_refused`, `invalid_keys`, `invalid_signature` (400)
 */
export async function checkUpload(upload: KeyUpload, known: UserKeys | null): Promise<CheckedUpload> {
  const { identity_key } = upload;
  const begins = !known || (identity_key !== undefined && identity_key !== known.identity_key);
  if (begins) requireParts(upload, known);
  const { kept, oneTime } = prekeysOf(upload);
  const all = [...kept, ...oneTime];
  const problems = new Problems();
  if (identity_key !== undefined) problems.read('identity', 'identity_key', identity_key);
  const bytes = all.map(({ field, kind, public_key, signature }) => ({
    field,
    key: problems.read(wireKindOf(kind), `${field}.public_key`, public_key),
    signature: signature === null ? null : problems.read('signature', `${field}.signature`, signature),
  }));
  problems.findRepeated(all);
  problems.findShared(identity_key ?? known?.identity_key, all);
  problems.throwAny();
  const identity = Buffer.from(begins ? identity_key! : known!.identity_key, 'base64');
  const verifier = new XEdDsaVerifier(pointOf(identity));
  const unsigned = await Promise.all(
    bytes.map(async ({ field, key, signature }) =>
      signature === null || (await verifier.verify(key!, signature!)) ? [] : [`${field}.signature`],
    ),
  );
  const fields = unsigned.flat().map((field) => ({ field, message: 'is not of this identity key under this key' }));
  if (fields.length > 0) throw invalid('invalid_signature', 'Some signatures do not fit.', fields.slice(0, MAX_NAMED));
  return { begins, kept, oneTime };
}

function requireParts(upload: KeyUpload, known: UserKeys | null): void {
  const needed = known ? PARTS.filter((part) => part !== 'registration_id') : PARTS;
  const fields = needed
    .filter((part) => upload[part] === undefined)
    .map((field) => ({ field, message: 'is needed with an identity key that is new' }));
  if (fields.length === 0) return;
  throw invalid('keys_incomplete', `This lacks ${fields.map(({ field }) => field).join(', ')}.`, fields);
}

function prekeysOf(upload: KeyUpload): { kept: NewPrekey[]; oneTime: NewPrekey[] } {
  const { signed_prekey, last_resort_kyber_prekey, one_time_prekeys = [], one_time_kyber_prekeys = [] } = upload;
  const kept: NewPrekey[] = [];
  if (signed_prekey) kept.push({ ...signed_prekey, kind: 'signed', field: 'signed_prekey' });
  if (last_resort_kyber_prekey) {
    kept.push({ ...last_resort_kyber_prekey, kind: 'last_resort_kyber', field: 'last_resort_kyber_prekey' });
  }
  const oneTime: NewPrekey[] = [
    ...one_time_prekeys.map((key, at) => ({
      ...key,
      signature: null,
      kind: 'one_time' as const,
      field: `one_time_prekeys.${at}`,
    })),
    ...one_time_kyber_prekeys.map((key, at) => ({
      ...key,
      kind: 'one_time_kyber' as const,
      field: `one_time_kyber_prekeys.${at}`,
    })),
  ];
  return { kept, oneTime };
}

function wireKindOf(kind: NewPrekey['kind']): WireKind {
  if (kind === 'one_time') return 'one_time';
  return kind === 'signed' ? 'identity' : 'kyber';
}

/** An error lists at most this many invalid keys. */
const MAX_NAMED = 10;

class Problems {
  private readonly fields: FieldError[] = [];
  private looksPrivate = false;

  read(kind: WireKind, field: string, text: string): Buffer | null {
    try {
      return readWire(kind, text);
    } catch (error) {
      if (!(error instanceof WireProblem)) throw error;
      this.looksPrivate ||= error.looksPrivate;
      this.fields.push({ field, message: error.message });
      return null;
    }
  }

  findRepeated(all: NewPrekey[]): void {
    const ids = new Set<string>();
    for (const { kind, key_id, field } of all) {
      const id = `${kind}/${key_id}`;
      if (ids.has(id)) this.fields.push({ field: `${field}.key_id`, message: 'is there twice' });
      ids.add(id);
    }
  }

  /** A key must not be used for two purposes. */
  findShared(identityKey: string | undefined, all: NewPrekey[]): void {
    const seen = new Set([identityKey]);
    for (const { public_key, field } of all) {
      if (seen.has(public_key)) this.fields.push({ field: `${field}.public_key`, message: 'is another key here, too' });
      seen.add(public_key);
    }
  }

  throwAny(): void {
    if (this.fields.length === 0) return;
    const fields = this.fields.slice(0, MAX_NAMED);
    if (!this.looksPrivate)
      throw new CaasError('invalid', 'invalid_keys', 'Some keys are not what they should be.', fields);
    const detail = 'Some of it may be private keys. These never leave their device; make new ones, if they were.';
    throw new CaasError('invalid', 'private_key_refused', detail, fields);
  }
}
