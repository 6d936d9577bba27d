import type { Bundle } from './claims/key-bundles.service';
import type { BundleView, DeviceKeysView } from './http/dto/key-views';
import type { KeyLogEntryView } from './http/dto/key-log.dto';
import type { LogPage } from './log/key-log.service';
import type { DeviceKeys } from './upload/device-keys.service';

export const viewOfBundle = ({ keys, claimed: { one_time, one_time_kyber } }: Bundle): BundleView => ({
  device_id: keys.device_id,
  signal_device_id: keys.signal_device_id,
  registration_id: keys.registration_id,
  identity_key: keys.identity_key,
  signed_prekey: signed(keys.signed_prekey),
  one_time_prekey: one_time && { key_id: one_time.key_id, public_key: one_time.public_key },
  kyber_prekey: signed(one_time_kyber ?? keys.last_resort_kyber_prekey),
});

export const viewOfDeviceKeys = ({ deviceId, keys, left }: DeviceKeys): DeviceKeysView => ({
  device_id: deviceId,
  signal_device_id: keys?.signal_device_id ?? null,
  registration_id: keys?.registration_id ?? null,
  identity_key: keys?.identity_key ?? null,
  signed_prekey_id: keys?.signed_prekey.key_id ?? null,
  last_resort_kyber_prekey_id: keys?.last_resort_kyber_prekey.key_id ?? null,
  ...left,
});

export const viewOfLogEntry = ({ entry, inclusionProof }: LogPage['entries'][number]): KeyLogEntryView => ({
  id: entry._id.toHexString(),
  index: entry.index,
  at: entry.at.toISOString(),
  action: entry.action,
  user_id: entry.user_id.toHexString(),
  device_id: entry.device_id,
  signal_device_id: entry.signal_device_id,
  identity_key: entry.identity_key,
  leaf_hash: entry.nodes[0]!,
  chain_hash: entry.chain_hash,
  inclusion_proof: inclusionProof,
});

const signed = ({
  key_id,
  public_key,
  signature,
}: {
  key_id: number;
  public_key: string;
  signature: string | null;
}) => ({
  key_id,
  public_key,
  signature: signature!,
});
