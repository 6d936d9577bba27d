import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { Redis } from 'ioredis';
import { Log } from '#caas/platform/logging';
import { RedisConnections } from '#caas/platform/redis';

const EVERYBODY = 'caas:processes';
const CONFIRMED_WITHIN_MS = 1_000;
/** Topics of the channel itself: a process announces that it is alive, or that it ends. */
const HERE = 'here';
const GONE = 'gone';
const HERE_EVERY_MS = 2_000;
/** A process that sent no `HERE` for this long, while Redis was reachable, has died. */
const DEAD_AFTER_MS = 10_000;
/** A starting process waits for Redis no longer than this. */
const FIRST_SUBSCRIBED_WITHIN_MS = 5_000;
const END = '|';
const channelOf = (process: string) => `caas:process:${process}`;

type Listener = (payload: never) => void;

/** A message that the other processes must confirm. */
class Receipt {
  readonly id = new ObjectId().toHexString();
  private readonly settled = Promise.withResolvers<void>();
  private readonly timer = setTimeout(() => this.settle(), CONFIRMED_WITHIN_MS);
  private readonly confirmed = new Set<string>();
  private expected = Infinity;

  /** @param peers processes known to be alive: Redis does not count one that is just reconnecting */
  constructor(private readonly peers: readonly string[]) {}

  /** Resolves when every receiver has confirmed, or after the time limit; it never rejects. */
  get done(): Promise<void> {
    return this.settled.promise;
  }

  /** @param processes the number of receivers by Redis' count, including this process and processes that are not known yet */
  expect(processes: number): void {
    this.expected = processes;
    this.look();
  }

  confirm(process: string): void {
    this.confirmed.add(process);
    this.look();
  }

  settle(): void {
    clearTimeout(this.timer);
    this.settled.resolve();
  }

  private look(): void {
    if (this.confirmed.size < this.expected) return;
    if (this.peers.every((peer) => this.confirmed.has(peer))) this.settle();
  }
}

/**
 * Publish/subscribe between all processes of a system, including those without clients. A process receives the messages of
 * another process in the order in which they were published. Messages are not stored: a process that was disconnected from Redis
 * has missed what was published in the meantime, and `onReturn` reports that.
 *
 * A message is `<process>|<topic>|<receipt, or nothing>|<JSON>`, so that its own process can drop it without parsing it.
 */
@Injectable()
export class ProcessChannel implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
  private readonly id = new ObjectId().toHexString();
  private readonly own = channelOf(this.id);
  private readonly listeners = new Map<string, Listener[]>();
  private readonly returned: (() => void)[] = [];
  private readonly unconfirmed = new Map<string, Receipt>();
  /** When each other process last announced that it is alive. */
  private readonly peers = new Map<string, number>();
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private readonly subscribed = Promise.withResolvers<void>();
  private listening = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    redis: RedisConnections,
    private readonly log: Log,
  ) {
    this.publisher = redis.open('processes');
    this.subscriber = redis.open('processes-heard', { autoResubscribe: false });
    this.subscriber.on('message', (channel, text) => {
      if (channel === this.own) this.confirmed(text);
      else this.hear(text);
    });
    this.subscriber.on('ready', () => void this.subscribe());
    this.subscriber.on('close', () => (this.listening = false));
  }

  /** A process accepts no clients before it receives messages from the others. */
  async onModuleInit(): Promise<void> {
    this.timer = setInterval(() => this.tell(HERE, null), HERE_EVERY_MS).unref();
    this.tell(HERE, null);
    await Promise.race([this.subscribed.promise, delay(FIRST_SUBSCRIBED_WITHIN_MS, undefined, { ref: false })]);
  }

  /** From here on, other processes wait for its confirmation only while Redis still counts it as a receiver. */
  onModuleDestroy(): void {
    this.fallSilent();
    this.tell(GONE, null);
  }

  onApplicationShutdown(): void {
    this.fallSilent();
    for (const receipt of this.unconfirmed.values()) receipt.settle();
  }

  /** False while this process does not receive messages from the others. */
  get isListening(): boolean {
    return this.listening;
  }

  /** Calls the listener for each message of another process. It must not throw. */
  on<T>(topic: string, listener: (payload: T) => void): void {
    this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), listener]);
  }

  /** Calls the listener when this process receives messages again and may have missed some. It must not throw. */
  onReturn(listener: () => void): void {
    this.returned.push(listener);
  }

  /** @param payload sent as JSON: undefined fields are omitted, undefined list entries become null */
  tell(topic: string, payload: unknown): void {
    this.publish(topic, '', payload).catch(() => undefined);
  }

  /** @returns when every other process has received it and its listeners have returned, or after a second; it never rejects */
  tellAndConfirm(topic: string, payload: unknown): Promise<void> {
    const receipt = new Receipt(this.alive());
    this.unconfirmed.set(receipt.id, receipt);
    void receipt.done.then(() => this.unconfirmed.delete(receipt.id));
    // Redis returns the number of receivers. Without that number, the receipt waits for the full second.
    this.publish(topic, receipt.id, payload).then(
      (processes) => receipt.expect(processes),
      () => undefined,
    );
    return receipt.done;
  }

  private publish(topic: string, receiptId: string, payload: unknown): Promise<number> {
    return this.publisher.publish(EVERYBODY, [this.id, topic, receiptId, JSON.stringify(payload)].join(END));
  }

  private async subscribe(): Promise<void> {
    try {
      await this.subscriber.subscribe(EVERYBODY, this.own);
    } catch {
      // Redis is unreachable again; the next connection subscribes again.
      return;
    }
    this.listening = true;
    this.subscribed.resolve();
    // Peers could not be heard while Redis was unreachable, so their last announcement counts from now.
    for (const peer of this.peers.keys()) this.peers.set(peer, performance.now());
    if (this.timer) this.tell(HERE, null);
    for (const listener of this.returned) listener();
  }

  private fallSilent(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  /** The other processes known to be alive. */
  private alive(): string[] {
    const before = performance.now() - DEAD_AFTER_MS;
    if (this.listening) {
      for (const [peer, heardAtMs] of this.peers) if (heardAtMs < before) this.peers.delete(peer);
    }
    return [...this.peers.keys()];
  }

  private confirmed(text: string): void {
    const [receiptId, process] = text.split(END);
    this.unconfirmed.get(receiptId!)?.confirm(process!);
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
      // Redis counts this process as a receiver too.
      if (receiptId) this.unconfirmed.get(receiptId)?.confirm(this.id);
      return;
    }
    if (topic === HERE) return void this.peers.set(from, performance.now());
    // Only its entry is removed: it may publish until its last client is gone.
    if (topic === GONE) return void this.peers.delete(from);
    try {
      this.tellListeners(topic, text.slice(at));
    } catch (error) {
      // A process of another version may send a message that this one cannot read; that must not crash this process.
      this.log.root.error({ err: error, topic }, 'what another process told could not be used');
    }
    if (receiptId) this.publisher.publish(channelOf(from), receiptId + END + this.id).catch(() => undefined);
  }
}

/** @returns the fields before the JSON, and the index at which the JSON begins */
function head(text: string): [from: string, topic: string, receiptId: string, at: number] {
  const first = text.indexOf(END);
  const second = text.indexOf(END, first + 1);
  const third = text.indexOf(END, second + 1);
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1, third), third + 1];
}
