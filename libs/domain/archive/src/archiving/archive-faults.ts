import { Injectable } from '@nestjs/common';

/** Every place between two effects of the protocol, in its order. */
export const ARCHIVE_STEPS = [
  'leased',
  'cleared',
  'frozen',
  'planned',
  'written',
  'read_back',
  'sealing',
  'sealed',
  'pruning',
  'pruned_portion',
  'superseding',
  'checked',
  'pruned',
  'restored_block',
] as const;
export type ArchiveStep = (typeof ARCHIVE_STEPS)[number];

/** Where tests stop, kill and disturb the archiver; in production nothing happens here. */
@Injectable()
export class ArchiveFaults {
  at(_step: ArchiveStep): Promise<void> | void {}
}
