import { channel } from 'node:diagnostics_channel';

/** Where the work on a file can be broken off, in order; faults are tried at each of them. */
export const PROCESSING_STEPS = [
  'claimed',
  'fetched',
  'content claimed',
  'made',
  'variant written',
  'variants written',
  'committed',
  'upload deleted',
] as const;
export type ProcessingStep = (typeof PROCESSING_STEPS)[number];

export const STEPS_CHANNEL = 'caas:media:step';

const steps = channel(STEPS_CHANNEL);

/** Says that a step is done, to whoever listens in this process. Nobody does, outside of tests. */
export function reached(step: ProcessingStep, fileId: string): void {
  if (steps.hasSubscribers) steps.publish({ step, fileId });
}
