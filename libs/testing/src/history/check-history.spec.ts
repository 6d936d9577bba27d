import { checkHistory, NO_FAULTS, type HistoryFaults, type ReadableMessage } from './check-history';
import { History } from './history';

const ROOM = 'room';

const messageOf = (seq: number, sender = 'anna', room = ROOM): ReadableMessage => ({
  id: `${room}-${seq}`,
  conversation_id: room,
  seq,
  client_message_id: `c-${seq}`,
  sender: { user_external_id: sender },
});

/** Anna, who awaits each answer, sent four messages, and all of them can be read. */
function aSoundHistory() {
  const history = new History();
  const readable = [1, 2, 3, 4].map((seq) => messageOf(seq));
  for (const { id, seq, client_message_id } of readable) history.begin(ROOM, 'anna', client_message_id)({ id, seq });
  return { history, readable };
}

const verdicts = (faults: HistoryFaults) =>
  Object.entries(faults).flatMap(([verdict, found]) => (found.length > 0 ? [verdict] : []));

describe('checkHistory', () => {
  it('finds no fault where there is none', () => {
    const { history, readable } = aSoundHistory();
    expect(checkHistory(history.acknowledged, readable)).toEqual(NO_FAULTS);
  });

  it('asks nothing of a send that nobody acknowledged, stored or not', () => {
    const { history, readable } = aSoundHistory();
    history.begin(ROOM, 'anna', 'c-5');
    expect(checkHistory(history.acknowledged, readable)).toEqual(NO_FAULTS);
    expect(checkHistory(history.acknowledged, [...readable, messageOf(5)])).toEqual(NO_FAULTS);
  });

  it.each<[string, string[], (readable: ReadableMessage[]) => unknown]>([
    ['a message that is gone', ['lost'], (readable) => readable.pop()],
    ['a message under another id', ['lost'], ([first]) => (first!.id = 'other')],
    ['a message at another seq', ['lost'], (readable) => (readable[3]!.seq = 5)],
    ['a message of another sender', ['lost'], ([first]) => (first!.sender = { user_external_id: 'ben' })],
    ['a message in another room', ['lost'], (readable) => (readable[3]!.conversation_id = 'elsewhere')],
    ['a send stored twice', ['doubled'], (readable) => readable.push({ ...messageOf(5), client_message_id: 'c-1' })],
    [
      'a seq given twice',
      ['doubled'],
      (readable) => readable.push({ ...messageOf(4), id: 'x', client_message_id: 'x' }),
    ],
    ['a message in two pages', ['doubled'], (readable) => readable.splice(1, 0, messageOf(1))],
    ['a page in another order', ['reordered'], (readable) => readable.reverse()],
    ['a number that nobody has', ['gaps'], (readable) => readable.push(messageOf(6))],
  ])('finds %s', (_what, expected, breakIt) => {
    const { history, readable } = aSoundHistory();
    breakIt(readable);
    expect(verdicts(checkHistory(history.acknowledged, readable))).toEqual(expect.arrayContaining(expected));
  });

  it('finds only what is wrong, and says where', () => {
    const { history, readable } = aSoundHistory();
    readable.splice(1, 2);
    readable.push(messageOf(5), { ...messageOf(6), client_message_id: 'c-5' });
    expect(checkHistory(history.acknowledged, readable)).toEqual({
      lost: [
        'in room: c-2 of anna (room-2, seq 2) is not readable',
        'in room: c-3 of anna (room-3, seq 3) is not readable',
      ],
      doubled: ['in room: c-5 of anna: room-5, seq 5; room-6, seq 6'],
      reordered: [],
      gaps: ['in room: seq 2 to 3 are missing'],
    });
  });

  it('keeps rooms apart', () => {
    const { history, readable } = aSoundHistory();
    const other = [messageOf(1, 'anna', 'other'), messageOf(3, 'anna', 'other')];
    expect(checkHistory(history.acknowledged, [...other, ...readable])).toEqual({
      ...NO_FAULTS,
      gaps: ['in other: seq 2 is missing'],
    });
  });
});

describe('The order of acknowledgements', () => {
  it('binds a sender who awaited the answer before', () => {
    const history = new History();
    history.begin(ROOM, 'anna', 'c-2')({ id: 'room-2', seq: 2 });
    history.begin(ROOM, 'anna', 'c-1')({ id: 'room-1', seq: 1 });
    expect(checkHistory(history.acknowledged, [messageOf(1), messageOf(2)])).toEqual({
      ...NO_FAULTS,
      reordered: ['in room: c-1 of anna (room-1, seq 1) began after c-2 of anna (room-2, seq 2) was acknowledged'],
    });
  });

  it('binds nobody who sent at the same time', () => {
    const history = new History();
    const [anna, ben] = [history.begin(ROOM, 'anna', 'c-1'), history.begin(ROOM, 'ben', 'c-2')];
    ben({ id: 'room-2', seq: 2 });
    anna({ id: 'room-1', seq: 1 });
    expect(checkHistory(history.acknowledged, [messageOf(1), messageOf(2, 'ben')])).toEqual(NO_FAULTS);
  });

  it('counts a repeated send from its first attempt', () => {
    const history = new History();
    // The server stores it and dies before it answers.
    history.begin(ROOM, 'anna', 'c-1');
    history.begin(ROOM, 'ben', 'c-2')({ id: 'room-2', seq: 2 });
    for (let replay = 0; replay < 2; replay += 1) history.begin(ROOM, 'anna', 'c-1')({ id: 'room-1', seq: 1 });
    expect(checkHistory(history.acknowledged, [messageOf(1), messageOf(2, 'ben')])).toEqual(NO_FAULTS);
  });
});

describe('History', () => {
  it('reads each room page by page and checks what it finds', async () => {
    const { history, readable } = aSoundHistory();
    const asked: string[] = [];
    const get = (path: string) => {
      asked.push(path);
      const second = path.endsWith('cursor=next');
      return Promise.resolve({
        data: second ? readable.slice(2, 3) : readable.slice(0, 2),
        page: { next_cursor: second ? null : 'next', has_more: !second },
      } as never);
    };
    expect(verdicts(await history.check(get))).toEqual(['lost']);
    const path = `/v1/conversations/${ROOM}/messages?direction=forward&limit=100`;
    expect(asked).toEqual([path, `${path}&cursor=next`]);
  });
});
