/** What a process of the system leaves in its data folder when it ends: see `command-witness.ts`. */
export const WITNESS_NOTE = /^commands-\d+\.json$/;

/** By the command's name, how many were written to sockets, and how many the firewall had read. */
export interface WitnessNote {
  written: Record<string, number>;
  read: Record<string, number>;
}
