import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { Redis } from 'ioredis';
import { Log } from '#caas/platform/logging';
import { RedisConnections } from '#caas/platform/redis';

const EVERYBODY = 'caas:processes';
const CONFIRMED_WITHIN_MS = 1_000;
const END = '|';
const channelOf = (process: string) => `caas:process:${process}`;

type Listener = (payload: never) => void;

/** Something told that the other processes are to confirm. */
class Receipt {
  readonly id = new ObjectId().toHexString();
  private readonly settled = Promise.withResolvers<void>();
  private readonly timer = setTimeout(() => this.settle(), CONFIRMED_WITHIN_MS);
  private confirmed = 0;
  private expected = Infinity;

  /** By all who heard it, or when the time is over; it never rejects. */
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
 * Publish/subscribe between the processes of a system, those without clients too. A process hears the messages of another process in
 * the order in which they were published. Nothing is kept: a process that was disconnected from Redis has missed what was published.
 *
 * A message is `<process>|<topic>|<receipt, or nothing>|<JSON>`, so that its own process drops it without reading it.
 */
@Injectable()
export class ProcessChannel implements OnModuleInit, OnApplicationShutdown {
  private readonly id = new ObjectId().toHexString();
  private readonly own = channelOf(this.id);
  private readonly listeners = new Map<string, Listener[]>();
  private readonly unconfirmed = new Map<string, Receipt>();
  private readonly publisher: Redis;
  private readonly subscriber: Redis;

  constructor(
    redis: RedisConnections,
    private readonly log: Log,
  ) {
    this.publisher = redis.open('processes');
    this.subscriber = redis.open('processes-heard');
  }

  onModuleInit(): void {
    this.subscriber.on('message', (channel, text) => {
      if (channel === this.own) this.unconfirmed.get(text)?.confirm();
      else this.hear(text);
    });
    this.subscriber.subscribe(EVERYBODY, this.own).catch(() => undefined);
  }

  onApplicationShutdown(): void {
    for (const receipt of this.unconfirmed.values()) receipt.settle();
  }

  /** Calls the listener for what each other process tells. It must not throw. */
  on<T>(topic: string, listener: (payload: T) => void): void {
    this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), listener]);
  }

  /** @param payload as JSON carries it: what is undefined is not there, or null in a list */
  tell(topic: string, payload: unknown): void {
    this.publish(topic, '', payload).catch(() => undefined);
  }

  /** @returns when every other process has heard it and its listeners have returned, or after a second; it never rejects */
  tellAndConfirm(topic: string, payload: unknown): Promise<void> {
    const receipt = new Receipt();
    this.unconfirmed.set(receipt.id, receipt);
    void receipt.done.then(() => this.unconfirmed.delete(receipt.id));
    // Redis answers how many heard it. Without an answer, the second is waited for.
    this.publish(topic, receipt.id, payload).then(
      (processes) => receipt.expect(processes),
      () => undefined,
    );
    return receipt.done;
  }

  private publish(topic: string, receiptId: string, payload: unknown): Promise<number> {
    return this.publisher.publish(EVERYBODY, [this.id, topic, receiptId, JSON.stringify(payload)].join(END));
  }

  private tellListeners(topic: string, json: string): void {
    const listeners = this.listeners.get(topic);
    if (!listeners) return;
    const payload = JSON.parse(json) as never;
    for (const listener of listeners) listener(payload);
  }

  private hear(text: string): void {
    const [from, topic, receiptId, at] = head(text);
    if (from === this.id) {
      // This process is one of those that Redis counts.
      if (receiptId) this.unconfirmed.get(receiptId)?.confirm();
      return;
    }
    try {
      this.tellListeners(topic, text.slice(at));
    } catch (error) {
      // A process of another version may tell what this one does not understand; that must not end it.
      this.log.root.error({ err: error, topic }, 'what another process told could not be used');
    }
    if (receiptId) this.publisher.publish(channelOf(from), receiptId).catch(() => undefined);
  }
}

/** @returns also where the JSON begins */
function head(text: string): [from: string, topic: string, receiptId: string, at: number] {
  const first = text.indexOf(END);
  const second = text.indexOf(END, first + 1);
  const third = text.indexOf(END, second + 1);
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1, third), third + 1];
}
