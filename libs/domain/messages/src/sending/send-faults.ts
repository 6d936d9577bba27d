import { channel } from 'node:diagnostics_channel';

/** `inserted`: the engine has it for good, and nobody was told. */
export type SendStep = 'inserted';

const steps = channel('caas:send:step');

/** A place where a process may be killed: tests listen, and kill it there. */
export function atStep(step: SendStep): void {
  if (steps.hasSubscribers) steps.publish({ step });
}
