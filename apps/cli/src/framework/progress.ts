const EVERY_MS = 1_000;
const EVERY_MS_IN_A_LOG = 10_000;

/** Lines on standard error for who waits: on a terminal one line that changes, in a log a new one now and then. */
export class Progress {
  private shownAt = Date.now();
  private isShown = false;

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

  tell(line: string): void {
    const { isTTY, columns = 80 } = this.stream;
    const now = Date.now();
    if (now - this.shownAt < (isTTY ? EVERY_MS : EVERY_MS_IN_A_LOG)) return;
    this.shownAt = now;
    this.isShown = true;
    this.stream.write(isTTY ? `\r\x1b[K${line.slice(0, columns - 1)}` : `${line}\n`);
  }

  /** Before the answer: the changing line goes. */
  end(): void {
    if (this.isShown && this.stream.isTTY) this.stream.write('\r\x1b[K');
    this.isShown = false;
  }
}
