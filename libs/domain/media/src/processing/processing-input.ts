/** One attempt to process one content. */
export interface ProcessingInput {
  /** The uploaded bytes, alone in their folder, so that nothing in them can refer to another file. */
  input: string;
  /** The folder for output. */
  output: string;
  sizeBytes: number;
  /** The longest video or audio. */
  maxDurationSeconds: number;
  /** Aborted when the worker stops, or when the attempt loses its lease. */
  signal: AbortSignal;
  /** 0 to 100. */
  progress(percent: number): void;
}
