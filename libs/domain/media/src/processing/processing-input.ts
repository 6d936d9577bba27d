/** One attempt at one content, on its way through the makers. */
export interface ProcessingInput {
  /** The uploaded bytes: alone in their folder, so that nothing in them can name a neighbour. */
  input: string;
  /** Where what is made may be written. */
  output: string;
  sizeBytes: number;
  /** Of a video or an audio. */
  maxDurationSeconds: number;
  /** Aborted when the worker stops, or when the attempt is no longer ours. */
  signal: AbortSignal;
  /** 0 to 100. */
  progress(percent: number): void;
}
