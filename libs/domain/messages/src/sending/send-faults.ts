import { channel } from 'node:diagnostics_channel';

/** `inserted`: the engine has committed the message, and nothing was published. */
export type SendStep = 'inserted';

const steps = channel('caas:send:step');

/** A fault injection point: tests listen here and kill the process. */
export function atStep(step: SendStep): void {
  if (steps.hasSubscribers) steps.publish({ step });
}
