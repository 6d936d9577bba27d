import type { KeyLogEntry } from '../persistence/key-log.schema';

export type LogLeaf = Pick<
  KeyLogEntry,
  'index' | 'at' | 'action' | 'user_id' | 'device_id' | 'signal_device_id' | 'identity_key'
>;

/**
 * The input of an entry's hash: this list as JSON in UTF-8, without spaces. Clients rebuild it from the entry's fields, so it must
 * never change; a new format would need a different first word.
 */
export const leafOf = ({ index, at, action, user_id, device_id, signal_device_id, identity_key }: LogLeaf): Buffer =>
  Buffer.from(
    JSON.stringify([
      'caas-key-log-1',
      index,
      at.toISOString(),
      action,
      user_id.toHexString(),
      device_id,
      signal_device_id,
      identity_key,
    ]),
  );
