import type { KeyLogEntry } from '../persistence/key-log.schema';

export type LogLeaf = Pick<
  KeyLogEntry,
  'index' | 'at' | 'action' | 'user_id' | 'device_id' | 'signal_device_id' | 'identity_key'
>;

/**
 * What the hash of an entry covers: this list as JSON in UTF-8, without spaces. Clients build the same from the entry's fields as they
 * get them, so it never changes; another form would have another first word.
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
