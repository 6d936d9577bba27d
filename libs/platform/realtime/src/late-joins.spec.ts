import type { Server } from 'socket.io';
import { parseTenantId, type RequestContext } from '#caas/kernel';
import { Metrics } from '#caas/platform/metrics';
import type { EventEnvelope } from '#caas/contracts';
import type { ConversationFeed } from './ports';
import { Realtime } from './realtime';
import { RealtimeMetrics } from './realtime-metrics';
import { conversationRoom, userRoom } from './rooms';

const TENANT = parseTenantId('clnt_abc123');
const CONVERSATION = '0123456789abcdef01234567';
const [ANNA, BEN] = ['a'.repeat(24), 'b'.repeat(24)];
const ROOM = conversationRoom(TENANT, CONVERSATION);

/** A process with a socket of each user, as far as `Realtime` asks for it; the others tell it by `hear`. */
function processWith(members: string[]) {
  const rooms = new Map<string, Set<string>>();
  const sockets = new Map([ANNA, BEN].map((user) => [user, { rooms: new Set<string>([userRoom(TENANT, user)]) }]));
  const put = (room: string, users: string[], isIn: boolean) => {
    const there = rooms.get(room) ?? new Set();
    for (const user of users) {
      sockets.get(user)!.rooms[isIn ? 'add' : 'delete'](room);
      there[isIn ? 'add' : 'delete'](user);
    }
    if (there.size > 0) rooms.set(room, there);
    else rooms.delete(room);
  };
  const usersOf = (own: string | string[]) => [own].flat().map((room) => room.split(':').at(-1)!);
  const sent: string[] = [];
  let hear: (notices: unknown[]) => void = () => undefined;
  const server = {
    on: (_name: string, listener: typeof hear) => (hear = listener),
    serverSideEmit: () => undefined,
    sockets: { adapter: { rooms }, sockets },
    local: {
      in: (own: string[]) => ({
        socketsJoin: (room: string) => put(room, usersOf(own), true),
        socketsLeave: (room: string) => put(room, usersOf(own), false),
      }),
      to: (room: string) => ({
        except: () => ({
          emit: (_type: string, { rev }: EventEnvelope) => {
            for (const user of rooms.get(room) ?? []) sent.push(`${user[0]}${rev}`);
          },
        }),
      }),
    },
  };
  const feed = { membersAmong: () => Promise.resolve(new Set(members)), missed: () => Promise.resolve([]) };
  const realtime = new Realtime(feed as unknown as ConversationFeed, new RealtimeMetrics(new Metrics()));
  realtime.attach(server as unknown as Server);
  const ctx = { tenantId: TENANT } as RequestContext;
  const publish = (rev: number) => {
    const event = { type: 'member.updated', rev, conversationId: CONVERSATION, data: {} } as const;
    realtime.publish(ctx, { conversationId: CONVERSATION }, event as never);
  };
  const users = [ANNA, BEN].map((user) => userRoom(TENANT, user));
  return { realtime, ctx, publish, sent, join: () => hear([{ room: ROOM, users, rev: 0 }]) };
}

describe('Sockets that this process hears of late', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('are sent what it published before', async () => {
    const { realtime, publish, sent, join } = processWith([ANNA, BEN]);
    publish(1);
    join();
    await jest.advanceTimersByTimeAsync(1);
    expect(sent).toEqual(['a1', 'b1']);
    realtime.onApplicationShutdown();
  });

  it('are not, when their user was removed meanwhile', async () => {
    const { realtime, ctx, publish, sent, join } = processWith([ANNA]);
    publish(1);
    realtime.leave(ctx, [BEN], CONVERSATION);
    join();
    await jest.advanceTimersByTimeAsync(1);
    publish(2);
    expect(sent).toEqual(['a1', 'a2']);
    realtime.onApplicationShutdown();
  });
});
