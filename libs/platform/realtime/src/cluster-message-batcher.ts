import type { ProcessChannel } from './process-channel';

export const CLUSTER_MESSAGES = 'notices';

/**
 * Tells the other processes. What one turn of the event loop brings (a group of sends is stored at once) goes as one message, and all of
 * it in the order in which it was told.
 *
 * It is no `Batcher` (libs/platform/concurrency): nothing answers a notice, and a message need not wait until the one before has
 * arrived.
 */
export class ClusterMessageBatcher<ClusterMessage> {
  private batch: ClusterMessage[] = [];
  /** Settles what waits until the batch that is gathered now is confirmed. */
  private confirmed: PromiseWithResolvers<void> | null = null;

  /** @param hear is called for each notice of another process, in order */
  constructor(
    private readonly channel: ProcessChannel,
    hear: (notice: ClusterMessage) => void,
  ) {
    channel.on(CLUSTER_MESSAGES, (notices: ClusterMessage[]) => notices.forEach(hear));
  }

  tell(notice: ClusterMessage): void {
    this.batch.push(notice);
    if (this.batch.length === 1) setImmediate(() => this.send());
  }

  /** @returns when every other process has heard it, or after a second */
  tellAndConfirm(notice: ClusterMessage): Promise<void> {
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
    if (confirmed) void this.channel.tellAndConfirm(CLUSTER_MESSAGES, batch).then(confirmed.resolve);
    else this.channel.tell(CLUSTER_MESSAGES, batch);
  }
}
