import { ObjectId } from 'bson';
import { parseTenantId } from '#caas/kernel';
import { TELL_AGAIN_AFTER_MS, TELL_AT_MOST_EVERY_MS, TYPING_MS, TypingState } from './typing-state';

const anna = {
  tenantId: parseTenantId('clnt_abc123'),
  conversationId: new ObjectId(),
  user: { user_id: new ObjectId(), user_external_id: 'anna', user_display_name: 'Anna' },
};

describe('TypingState', () => {
  let board: TypingState;
  beforeEach(() => (board = new TypingState()));
  const tells = (now: number, socket = 'one') => board.start(anna, socket, now).tell;

  it('tells of a start at once, of more of them seldom, and each time until when', () => {
    expect(board.start(anna, 'one', 0)).toMatchObject({ tell: true, typing: { expiresAt: TYPING_MS } });
    for (let now = 100; now < TELL_AGAIN_AFTER_MS; now += 100) expect(tells(now)).toBe(false);
    expect(board.start(anna, 'one', TELL_AGAIN_AFTER_MS)).toMatchObject({
      tell: true,
      typing: { expiresAt: TELL_AGAIN_AFTER_MS + TYPING_MS },
    });
  });

  it('tells at most once a second of who stops and starts in turns', () => {
    let told = 0;
    for (let now = 0; now < 10_000; now += 20) {
      if (tells(now)) told += 1;
      board.stop(anna, 'one');
    }
    expect(told).toBe(10);
  });

  it('says of a stop only what was a start', () => {
    expect(board.stop(anna, 'one')).toBe(false);
    tells(0);
    expect(board.stop(anna, 'one')).toBe(true);
    expect(board.stop(anna, 'one')).toBe(false);
    expect(tells(TELL_AT_MOST_EVERY_MS - 1)).toBe(false);
    expect(board.stop(anna, 'one')).toBe(false);
    expect(board.sweep(TELL_AT_MOST_EVERY_MS)).toEqual({ started: [], stopped: [] });
  });

  it('tells a moment later of who stopped and began again at once', () => {
    tells(0);
    board.stop(anna, 'one');
    expect(tells(10)).toBe(false);
    expect(board.sweep(TELL_AT_MOST_EVERY_MS - 1)).toEqual({ started: [], stopped: [] });
    expect(board.sweep(TELL_AT_MOST_EVERY_MS)).toMatchObject({ started: [{ expiresAt: 10 + TYPING_MS }], stopped: [] });
    expect(board.stop(anna, 'one')).toBe(true);
  });

  it('goes on while another device types', () => {
    tells(0, 'one');
    tells(1, 'two');
    expect(board.leave('one')).toEqual([]);
    expect(board.leave('two')).toMatchObject([anna]);
  });

  it('ends by itself, once, and keeps nothing', () => {
    tells(0);
    expect(board.sweep(TYPING_MS - 1).stopped).toEqual([]);
    expect(board.sweep(TYPING_MS).stopped).toMatchObject([anna]);
    expect(board.sweep(TYPING_MS + 1).stopped).toEqual([]);
    expect(tells(TYPING_MS + 2)).toBe(true);
  });
});
