import type { ProcessChannel } from './process-channel';

export const NOTICES = 'notices';

/**
 * Tells the other processes. What one turn of the event loop brings (a group of sends is stored at once) goes as one message, and all of
 * it in the order in which it was told.
 *
 * It is no `Batcher` (libs/platform/concurrency): nothing answers a notice, and a message need not wait until the one before has
 * arrived.
 */
export class NoticeBatcher<Notice> {
  private batch: Notice[] = [];
  /** Settles what waits until the batch that is gathered now is confirmed. */
  private confirmed: PromiseWithResolvers<void> | null = null;

  /** @param hear is called for each notice of another process, in order */
  constructor(
    private readonly channel: ProcessChannel,
    hear: (notice: Notice) => void,
  ) {
    channel.on(NOTICES, (notices: Notice[]) => notices.forEach(hear));
  }

  tell(notice: Notice): void {
    this.batch.push(notice);
    if (this.batch.length === 1) setImmediate(() => this.send());
  }

  /** @returns when every other process has heard it, or after a second */
  tellAndConfirm(notice: Notice): Promise<void> {
    this.tell(notice);
    this.confirmed ??= Promise.withResolvers<void>();
    return this.confirmed.promise;
  }

  close(): void {
    this.confirmed?.resolve();
  }

  private send(): void {
    const { batch, confirmed } = this;
    this.batch = [];
    this.confirmed = null;
    if (confirmed) void this.channel.tellAndConfirm(NOTICES, batch).then(confirmed.resolve);
    else this.channel.tell(NOTICES, batch);
  }
}
