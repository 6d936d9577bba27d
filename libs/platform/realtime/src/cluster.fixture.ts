import type { Server } from 'socket.io';
import type { EventEnvelope } from '#caas/contracts';
import { parseTenantId, type RequestContext } from '#caas/kernel';
import { Metrics } from '#caas/platform/metrics';
import type { Log } from '#caas/platform/logging';
import type { RedisConnections } from '#caas/platform/redis';
import type { ConversationDirectory, MissedEvent } from './ports';
import { ProcessChannel } from './process-channel';
import { Realtime, type OutgoingEvent } from './realtime';
import { RealtimeMetrics } from './realtime-metrics';
import { conversationRoom, userRoom } from './rooms';

export const TENANT = parseTenantId('clnt_abc123');
export const CONVERSATION = '0123456789abcdef01234567';
export const [ANNA, BEN, CARL] = ['a'.repeat(24), 'b'.repeat(24), 'c'.repeat(24)] as const;
export const ROOM = conversationRoom(TENANT, CONVERSATION);
export const ctx = { tenantId: TENANT } as RequestContext;

const BETWEEN_MS = 1;

/** The answers of `ConversationDirectory` in one process. */
export interface Feed {
  members?: string[];
  missedMessages?: ConversationDirectory['missedMessages'];
  missedChanges?: ConversationDirectory['missedChanges'];
}

/** Processes that exchange messages through a fake Redis: in order, a millisecond later. Timers are jest's. */
export class Cluster {
  readonly processes: FakeProcess[] = [];
  readonly redis = new FakeRedis();
  /** Errors that the processes logged. */
  readonly errors: object[] = [];
  readonly log = { root: { error: (fields: object) => this.errors.push(fields) } };

  add(users: string[], feed: Feed = {}): FakeProcess {
    const added = new FakeProcess(this, users, feed);
    this.processes.push(added);
    return added;
  }

  close(): void {
    for (const { realtime, channel } of this.processes) {
      realtime.onApplicationShutdown();
      channel.onApplicationShutdown();
    }
  }
}

/** Publishing and subscribing. */
class FakeRedis {
  /** How many more processes Redis counts as receivers; they never confirm. */
  silent = 0;
  private readonly subscribers: Subscriber[] = [];

  open() {
    const own: Subscriber = { channels: [], on: {} };
    return {
      on: (event: string, listener: (...values: string[]) => void) => {
        own.on[event] = listener;
        if (event === 'ready') listener();
      },
      subscribe: async (...channels: string[]) => {
        own.channels = channels;
        if (!this.subscribers.includes(own)) this.subscribers.push(own);
      },
      publish: async (channel: string, text: string) => {
        const there = this.subscribers.filter(({ channels }) => channels.includes(channel));
        for (const subscriber of there) setTimeout(() => subscriber.on['message']!(channel, text), BETWEEN_MS);
        return there.length + this.silent;
      },
    };
  }

  /** Ends the subscription of a process; the first is 0. @returns a function that lets it subscribe again */
  cut(process: number): () => void {
    const subscriber = this.subscribers[process]!;
    subscriber.channels = [];
    subscriber.on['close']!();
    return () => subscriber.on['ready']!();
  }
}

interface Subscriber {
  channels: string[];
  on: Record<string, (...values: string[]) => void>;
}

/** A process with one socket for each of some users; none of the sockets is in the conversation's room. */
export class FakeProcess {
  readonly realtime: Realtime;
  readonly channel: ProcessChannel;
  /**
   * By user, the events that their socket received: m<seq>, c<rev>; prefixed with h for a hidden one, followed by the revs it
   * covers.
   */
  readonly told = new Map<string, string[]>();
  readonly envelopes: EventEnvelope[] = [];
  private readonly rooms = new Map<string, Set<string>>();
  private readonly sockets = new Map<string, { rooms: Set<string> }>();

  constructor(
    cluster: Cluster,
    users: string[],
    { members = users, missedMessages = none, missedChanges = none }: Feed,
  ) {
    for (const user of users) {
      this.sockets.set(user, { rooms: new Set() });
      this.told.set(user, []);
      this.put(userRoom(TENANT, user), [user], true);
    }
    const membersAmong = () => Promise.resolve(new Set(members));
    const feed = { membersAmong, missedMessages, missedChanges } as unknown as ConversationDirectory;
    this.channel = new ProcessChannel(cluster.redis as unknown as RedisConnections, cluster.log as unknown as Log);
    this.realtime = new Realtime(feed, this.channel, new RealtimeMetrics(new Metrics()));
    void this.channel.onModuleInit();
    this.realtime.onModuleInit();
    this.realtime.attach(this.server as unknown as Server);
  }

  /** Puts sockets of users into the room, as the gateway does when they connect. */
  connect(...users: string[]): void {
    this.put(ROOM, users, true);
  }

  isInRoom(user: string): boolean {
    return this.rooms.get(ROOM)?.has(user) ?? false;
  }

  message(seq: number, afterRev?: number, more: Partial<OutgoingEvent<'message.created'>> = {}): void {
    this.publish({ type: 'message.created', seq, ...(afterRev === undefined ? {} : { afterRev }), ...more });
  }

  change(rev: number, more: Partial<OutgoingEvent<'message.updated'>> = {}): void {
    this.publish({ type: 'message.updated', rev, ...more });
  }

  of(user: string): string[] {
    return this.told.get(user)!;
  }

  private publish(event: object): void {
    const outgoing = {
      data: {},
      conversationId: CONVERSATION,
      ...event,
    } as unknown as OutgoingEvent<'message.created'>;
    this.realtime.publish(ctx, { conversationId: CONVERSATION }, outgoing);
  }

  private get server() {
    const usersOf = (rooms: string | string[]) => [rooms].flat().flatMap((room) => [...(this.rooms.get(room) ?? [])]);
    /** A socket has the id of its user. */
    const to = (rooms: string | string[], except: string[] = []) => ({
      except: (others: string[]) => to(rooms, others),
      emit: (_type: string, envelope: EventEnvelope) => {
        const excepted = new Set(usersOf(except));
        const ids = [rooms].flat().flatMap((room) => (this.sockets.has(room) ? [room] : usersOf(room)));
        for (const id of new Set(ids)) if (!excepted.has(id)) this.told.get(id)!.push(nameOf(envelope));
        this.envelopes.push(envelope);
      },
    });
    return {
      sockets: {
        adapter: { rooms: this.rooms },
        sockets: this.sockets,
      },
      to,
      in: (rooms: string | string[]) => ({
        socketsJoin: (room: string) => this.put(room, usersOf(rooms), true),
        socketsLeave: (room: string) => this.put(room, usersOf(rooms), false),
      }),
    };
  }

  private put(room: string, users: string[], isIn: boolean): void {
    const there = this.rooms.get(room) ?? new Set();
    for (const user of users) {
      this.sockets.get(user)!.rooms[isIn ? 'add' : 'delete'](room);
      there[isIn ? 'add' : 'delete'](user);
    }
    if (there.size > 0) this.rooms.set(room, there);
    else this.rooms.delete(room);
  }
}

export function missedMessage(seq: number, hiddenFrom: string[] = []): MissedEvent {
  const at = new Date().toISOString();
  const envelope = { id: `m${seq}`, at, type: 'message.created', conversation_id: CONVERSATION, seq, data: {} };
  return { envelope: envelope as unknown as EventEnvelope, hiddenFrom };
}

const none = () => Promise.resolve([]);

function nameOf({ type, seq, rev, covers }: EventEnvelope): string {
  const name = rev === undefined ? `m${seq}` : `c${rev}${covers ? `(${covers.join('-')})` : ''}`;
  return type === 'change.hidden' ? `h${name}` : name;
}
