import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnModuleDestroy, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { ObjectId } from 'bson';
import type { Redis } from 'ioredis';
import { Log } from '#caas/platform/logging';
import { RedisConnections } from '#caas/platform/redis';

const EVERYBODY = 'caas:processes';
const CONFIRMED_WITHIN_MS = 1_000;
/** Topics of the channel itself: a process says that it is there, and that it ends. */
const HERE = 'here';
const GONE = 'gone';
const HERE_EVERY_MS = 2_000;
/** A process that did not say so for this long, while Redis was there, has died. */
const DEAD_AFTER_MS = 10_000;
/** A start waits no longer for Redis. */
const FIRST_SUBSCRIBED_WITHIN_MS = 5_000;
const END = '|';
const channelOf = (process: string) => `caas:process:${process}`;

type Listener = (payload: never) => void;

/** Something told that the other processes are to confirm. */
class Receipt {
  readonly id = new ObjectId().toHexString();
  private readonly settled = Promise.withResolvers<void>();
  private readonly timer = setTimeout(() => this.settle(), CONFIRMED_WITHIN_MS);
  private readonly confirmed = new Set<string>();
  private expected = Infinity;

  /** @param peers processes that are known to be there: Redis may not count one whose connection is just coming back */
  constructor(private readonly peers: readonly string[]) {}

  /** By all who heard it, or when the time is over; it never rejects. */
  get done(): Promise<void> {
    return this.settled.promise;
  }

  /** @param processes how many have heard it, as Redis counts them: this one too, and those that are not known yet */
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
 * Publish/subscribe between the processes of a system, those without clients too. A process hears the messages of another process in
 * the order in which they were published. Nothing is kept: a process that was disconnected from Redis has missed what was published,
 * and `onReturn` says so.
 *
 * A message is `<process>|<topic>|<receipt, or nothing>|<JSON>`, so that its own process drops it without reading it.
 */
@Injectable()
export class ProcessChannel implements OnModuleInit, OnModuleDestroy, OnApplicationShutdown {
  private readonly id = new ObjectId().toHexString();
  private readonly own = channelOf(this.id);
  private readonly listeners = new Map<string, Listener[]>();
  private readonly returned: (() => void)[] = [];
  private readonly unconfirmed = new Map<string, Receipt>();
  /** When each other process last said that it is there. */
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

  /** A process has no clients before it hears the others. */
  async onModuleInit(): Promise<void> {
    this.timer = setInterval(() => this.tell(HERE, null), HERE_EVERY_MS).unref();
    this.tell(HERE, null);
    await Promise.race([this.subscribed.promise, delay(FIRST_SUBSCRIBED_WITHIN_MS, undefined, { ref: false })]);
  }

  /** From here on only those wait for its confirmation that Redis still counts it for. */
  onModuleDestroy(): void {
    this.fallSilent();
    this.tell(GONE, null);
  }

  onApplicationShutdown(): void {
    this.fallSilent();
    for (const receipt of this.unconfirmed.values()) receipt.settle();
  }

  /** False while this process does not hear what others tell. */
  get isListening(): boolean {
    return this.listening;
  }

  /** Calls the listener for what each other process tells. It must not throw. */
  on<T>(topic: string, listener: (payload: T) => void): void {
    this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), listener]);
  }

  /** Calls the listener when this process hears the others again, and may have missed something. It must not throw. */
  onReturn(listener: () => void): void {
    this.returned.push(listener);
  }

  /** @param payload as JSON carries it: what is undefined is not there, or null in a list */
  tell(topic: string, payload: unknown): void {
    this.publish(topic, '', payload).catch(() => undefined);
  }

  /** @returns when every other process has heard it and its listeners have returned, or after a second; it never rejects */
  tellAndConfirm(topic: string, payload: unknown): Promise<void> {
    const receipt = new Receipt(this.alive());
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

  private async subscribe(): Promise<void> {
    try {
      await this.subscriber.subscribe(EVERYBODY, this.own);
    } catch {
      // Away again: it is tried anew with the next connection.
      return;
    }
    this.listening = true;
    this.subscribed.resolve();
    // Nobody could be heard meanwhile.
    for (const peer of this.peers.keys()) this.peers.set(peer, performance.now());
    if (this.timer) this.tell(HERE, null);
    for (const listener of this.returned) listener();
  }

  private fallSilent(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  /** The other processes, as far as they are known. */
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
      // This process is one of those that Redis counts.
      if (receiptId) this.unconfirmed.get(receiptId)?.confirm(this.id);
      return;
    }
    if (topic === HERE) return void this.peers.set(from, performance.now());
    // It may have more to tell until its last client is gone.
    if (topic === GONE) return void this.peers.delete(from);
    try {
      this.tellListeners(topic, text.slice(at));
    } catch (error) {
      // A process of another version may tell what this one does not understand; that must not end it.
      this.log.root.error({ err: error, topic }, 'what another process told could not be used');
    }
    if (receiptId) this.publisher.publish(channelOf(from), receiptId + END + this.id).catch(() => undefined);
  }
}

/** @returns also where the JSON begins */
function head(text: string): [from: string, topic: string, receiptId: string, at: number] {
  const first = text.indexOf(END);
  const second = text.indexOf(END, first + 1);
  const third = text.indexOf(END, second + 1);
  return [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1, third), third + 1];
}
