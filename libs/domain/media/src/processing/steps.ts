import { channel } from 'node:diagnostics_channel';

/** The points at which processing can be interrupted, in order; fault tests use each of them. */
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

/** Publishes a completed step to subscribers in this process; only tests subscribe. */
export function reached(step: ProcessingStep, fileId: string): void {
  if (steps.hasSubscribers) steps.publish({ step, fileId });
}
