import type { EventEnvelope } from '#caas/contracts';
import { parseTenantId } from '#caas/kernel';
import { LateJoinFilter } from './late-join-filter';
import { conversationRoom, userRoom } from './rooms';

const tenant = parseTenantId('clnt_abc123');
const room = conversationRoom(tenant, '0123456789abcdef01234567');
const carl = userRoom(tenant, 'aaaaaaaaaaaaaaaaaaaaaaaa');
const dora = userRoom(tenant, 'bbbbbbbbbbbbbbbbbbbbbbbb');
const change = (rev: number) => ({ type: 'message.updated', seq: 99, rev }) as EventEnvelope;
const message = (seq: number) => ({ type: 'message.created', seq }) as EventEnvelope;

describe('LateJoinFilter', () => {
  it('keeps from users what is not later than their coming', () => {
    const lateJoins = new LateJoinFilter();
    lateJoins.came(room, [carl], { seq: 0, rev: 8 });
    lateJoins.came(room, [dora], { seq: 0, rev: 9 });
    expect(lateJoins.notFor(room, change(7))).toEqual([carl, dora]);
    expect(lateJoins.notFor(room, change(8))).toEqual([carl, dora]);
    expect(lateJoins.notFor(room, change(9))).toEqual([dora]);
    expect(lateJoins.notFor(room, change(10))).toEqual([]);
    // What is later has come: there is nothing older to wait for.
    expect(lateJoins.notFor(room, change(8))).toEqual([]);
  });

  it('keeps messages by their own number', () => {
    const lateJoins = new LateJoinFilter();
    lateJoins.came(room, [carl], { seq: 3, rev: 8 });
    expect(lateJoins.notFor(room, message(3))).toEqual([carl]);
    expect(lateJoins.notFor(room, message(4))).toEqual([]);
    expect(lateJoins.notFor(room, change(8))).toEqual([carl]);
    expect(lateJoins.notFor(room, change(9))).toEqual([]);
    expect(lateJoins.notFor(room, message(3))).toEqual([]);
  });

  it('keeps nothing from others, nor what has no place in the order', () => {
    const lateJoins = new LateJoinFilter();
    lateJoins.came(room, [carl], { seq: 8, rev: 8 });
    expect(lateJoins.notFor(conversationRoom(tenant, 'cccccccccccccccccccccccc'), change(1))).toEqual([]);
    expect(lateJoins.notFor(room, { type: 'typing.started' } as EventEnvelope)).toEqual([]);
    lateJoins.forget(room);
    expect(lateJoins.notFor(room, change(1))).toEqual([]);
  });
});
