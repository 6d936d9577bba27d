import type { ProcessChannel } from './process-channel';

export const CLUSTER_MESSAGES = 'notices';

/**
 * Sends messages to the other processes, in order. All messages of one turn of the event loop go as one batch, since a group of
 * sends is stored at once.
 *
 * It is no `Batcher` (libs/platform/concurrency): a message has no answer, and a batch need not wait until the batch before has
 * arrived.
 */
export class ClusterMessageBatcher<ClusterMessage> {
  private batch: ClusterMessage[] = [];
  /** Settled when the batch that is being gathered is confirmed. */
  private confirmed: PromiseWithResolvers<void> | null = null;

  /** @param hear is called for each message of another process, in order */
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

  /** @returns when every other process has received it, or after a second */
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
