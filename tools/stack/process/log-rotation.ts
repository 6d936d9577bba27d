import { copyFileSync, renameSync, statSync, truncateSync } from 'node:fs';

const LONG_LOG_BYTES = 20 * 2 ** 20;
const OLD_LOGS = 2;
const LOOKED_AT_EVERY_MS = 30_000;

/**
 * Keeps one log file of a running process short: `x.log`, and the two before it as `x.log.1` and `x.log.2`. The process goes on
 * writing to the same file, so its content is copied away and the file is emptied; what is written between the two, in a
 * millisecond once in 20 MB, is lost.
 */
export class LogRotation {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly file: string,
    private readonly limitBytes = LONG_LOG_BYTES,
  ) {}

  start(): void {
    this.rotateWhenLong();
    clearInterval(this.timer);
    this.timer = setInterval(() => this.rotateWhenLong(), LOOKED_AT_EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** A full disk or a missing file is no reason to end: the log goes on as it is. */
  rotateWhenLong(): void {
    try {
      if ((statSync(this.file, { throwIfNoEntry: false })?.size ?? 0) <= this.limitBytes) return;
      for (let age = OLD_LOGS; age > 1; age -= 1) moveIfThere(`${this.file}.${age - 1}`, `${this.file}.${age}`);
      copyFileSync(this.file, `${this.file}.1`);
      truncateSync(this.file);
    } catch {
      return;
    }
  }
}

function moveIfThere(from: string, to: string): void {
  if (statSync(from, { throwIfNoEntry: false })) renameSync(from, to);
}
