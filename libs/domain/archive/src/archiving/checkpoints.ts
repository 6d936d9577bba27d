import { channel } from 'node:diagnostics_channel';
import { Injectable } from '@nestjs/common';

/** Every point between two effects of the protocol, in order. */
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

/** Lets tests stop, kill and disturb the archiver at each step. */
@Injectable()
export class Checkpoints {
  /** Publishes the current step to subscribers in this process; only tests subscribe. */
  at(step: ArchiveStep): Promise<void> | void {
    if (steps.hasSubscribers) steps.publish({ step });
  }
}
