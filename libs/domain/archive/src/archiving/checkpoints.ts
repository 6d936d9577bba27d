import { channel } from 'node:diagnostics_channel';
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

const steps = channel('caas:archive:step');

/** Where tests stop, kill and disturb the archiver. */
@Injectable()
export class Checkpoints {
  /** Says where the work is, to whoever listens in this process. Nobody does, outside of tests. */
  at(step: ArchiveStep): Promise<void> | void {
    if (steps.hasSubscribers) steps.publish({ step });
  }
}
