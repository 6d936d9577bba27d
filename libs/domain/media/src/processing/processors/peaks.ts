const PARTS = 100;
const FULL_SCALE = 32_768;
/** Fine enough to separate a hundred parts of one second. */
const SLICE_SAMPLES = 80;

/** Collects the loudest sample of each slice of mono 16-bit PCM, then reduces the slices to a hundred equal parts. */
export class Peaks {
  private readonly slices: number[] = [];
  private odd: Buffer = Buffer.alloc(0);
  private samples = 0;

  constructor(private readonly samplesPerSecond: number) {}

  add(chunk: Buffer): void {
    const bytes = this.odd.length > 0 ? Buffer.concat([this.odd, chunk]) : chunk;
    const whole = bytes.length - (bytes.length % 2);
    for (let at = 0; at < whole; at += 2) {
      const slice = Math.floor(this.samples / SLICE_SAMPLES);
      this.slices[slice] = Math.max(this.slices[slice] ?? 0, Math.abs(bytes.readInt16LE(at)));
      this.samples += 1;
    }
    this.odd = Buffer.from(bytes.subarray(whole));
  }

  get durationMs(): number {
    return Math.round((this.samples / this.samplesPerSecond) * 1000);
  }

  /** A hundred values from 0 to 100. */
  waveform(): number[] {
    return Array.from({ length: PARTS }, (_, part) => {
      const from = Math.floor((part * this.slices.length) / PARTS);
      const to = Math.max(from + 1, Math.floor(((part + 1) * this.slices.length) / PARTS));
      let loudest = 0;
      for (const slice of this.slices.slice(from, to)) loudest = Math.max(loudest, slice);
      return Math.round((100 * loudest) / FULL_SCALE);
    });
  }
}
