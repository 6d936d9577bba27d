import { randomUUID } from 'node:crypto';
import type { Server } from 'socket.io';

const NOTICES = 'caas:notices';
const CONFIRMED = 'caas:notices:confirmed';
const CONFIRMED_WITHIN_MS = 1_000;

/** A batch that the other processes are to confirm. */
class Receipt {
  readonly id = randomUUID();
  private readonly settled = Promise.withResolvers<void>();
  private readonly timer: NodeJS.Timeout;
  private confirmed = 0;
  private expected = Infinity;

  constructor() {
    this.timer = setTimeout(() => this.settle(), CONFIRMED_WITHIN_MS);
  }

  /** By so many processes, or when the time is over; it never rejects. */
  get done(): Promise<void> {
    return this.settled.promise;
  }

  expect(processes: number): void {
    this.expected = processes;
    if (this.confirmed >= this.expected) this.settle();
  }

  confirm(): void {
    this.confirmed += 1;
    if (this.confirmed >= this.expected) this.settle();
  }

  settle(): void {
    clearTimeout(this.timer);
    this.settled.resolve();
  }
}

/**
 * Tells the other processes. What one turn of the event loop brings (a group of sends commits at once) goes as one message, and all of
 * it in the order in which it was told.
 *
 * Processes confirm by a message of ours, and not by the acknowledgement of socket.io's `serverSideEmit`: the adapter asks Redis
 * how many processes there are before it sends what is to be acknowledged, so that a batch told later would overtake it.
 */
export class NoticeBatcher<Notice> {
  private server: Server | null = null;
  private batch: Notice[] = [];
  /** Of the batch that is gathered now. */
  private receipt: Receipt | null = null;
  private readonly unconfirmed = new Map<string, Receipt>();

  /** @param hear is called for each notice of another process, in order */
  attach(server: Server, hear: (notice: Notice) => void): void {
    this.server = server;
    server.on(NOTICES, (notices: Notice[], receiptId?: string) => {
      for (const notice of notices) hear(notice);
      if (receiptId) server.serverSideEmit(CONFIRMED, receiptId);
    });
    server.on(CONFIRMED, (receiptId: string) => this.unconfirmed.get(receiptId)?.confirm());
  }

  tell(notice: Notice): void {
    this.batch.push(notice);
    if (this.batch.length === 1) setImmediate(() => this.send());
  }

  /** @returns when every other process has heard it, or after a second; a process of the version before confirms nothing */
  tellAndConfirm(notice: Notice): Promise<void> {
    this.tell(notice);
    this.receipt ??= new Receipt();
    return this.receipt.done;
  }

  close(): void {
    this.receipt?.settle();
    for (const receipt of this.unconfirmed.values()) receipt.settle();
  }

  private send(): void {
    const { server, batch, receipt } = this;
    this.batch = [];
    this.receipt = null;
    if (!receipt) server?.serverSideEmit(NOTICES, batch);
    else if (!server) receipt.settle();
    else this.sendForConfirmation(server, batch, receipt);
  }

  private sendForConfirmation(server: Server, batch: Notice[], receipt: Receipt): void {
    this.unconfirmed.set(receipt.id, receipt);
    void receipt.done.then(() => this.unconfirmed.delete(receipt.id));
    // Without an answer, the second is waited for.
    server.sockets.adapter.serverCount().then(
      (processes) => receipt.expect(processes - 1),
      () => undefined,
    );
    server.serverSideEmit(NOTICES, batch, receipt.id);
  }
}
