/** Tells a reader at the terminal what is being done; one short line at a time. */
export type Progress = (line: string) => void;

/** How a reader at the terminal follows and ends a wait. */
export interface Waiting {
  progress?: Progress;
  /** Aborted when the start is given up: what is starting stops, and nothing more is started. */
  signal?: AbortSignal;
  /** Aborted when the reader asks a second time to end: what still ends by itself is killed. */
  hurry?: AbortSignal;
}
