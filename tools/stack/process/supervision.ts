import type { ProcessLedger } from './ledger';
import type { Progress } from './waiting';

export type { Progress };

/** What the processes of one stack share. */
export interface Supervision {
  /** Their data, logs and records are under this folder. */
  dataDir: string;
  ledger: ProcessLedger;
  /** Aborted when the start is given up: what is starting stops, and nothing more is started. */
  signal: AbortSignal;
  /** Aborted when the reader asks a second time to end: what still ends by itself is killed. */
  hurry?: AbortSignal;
  progress: Progress;
  /** A process runs under a new pid. */
  onStarted(): void;
  /** A process ended unasked, and will be started again. */
  onCrashed(role: string, reason: string, restartInMs: number): void;
}
