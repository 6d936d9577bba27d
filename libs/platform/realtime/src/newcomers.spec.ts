import { parseTenantId } from '#caas/kernel';
import { Newcomers } from './newcomers';
import { conversationRoom, userRoom } from './rooms';

const tenant = parseTenantId('clnt_abc123');
const room = conversationRoom(tenant, '0123456789abcdef01234567');
const carl = userRoom(tenant, 'aaaaaaaaaaaaaaaaaaaaaaaa');
const dora = userRoom(tenant, 'bbbbbbbbbbbbbbbbbbbbbbbb');

describe('Newcomers', () => {
  it('keeps from who came what is not later than their coming', () => {
    const newcomers = new Newcomers();
    newcomers.came(room, [carl], 8);
    newcomers.came(room, [dora], 9);
    expect(newcomers.notFor(room, 7)).toEqual([carl, dora]);
    expect(newcomers.notFor(room, 8)).toEqual([carl, dora]);
    expect(newcomers.notFor(room, 9)).toEqual([dora]);
    expect(newcomers.notFor(room, 10)).toEqual([]);
    // What is later has come: there is nothing older to wait for.
    expect(newcomers.notFor(room, 8)).toEqual([]);
  });

  it('keeps nothing from others, nor what has no place in the order', () => {
    const newcomers = new Newcomers();
    newcomers.came(room, [carl], 8);
    expect(newcomers.notFor(conversationRoom(tenant, 'cccccccccccccccccccccccc'), 1)).toEqual([]);
    expect(newcomers.notFor(room, undefined)).toEqual([]);
    newcomers.forget(room);
    expect(newcomers.notFor(room, 1)).toEqual([]);
  });
});
