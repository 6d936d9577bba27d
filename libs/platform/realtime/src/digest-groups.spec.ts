import fc from 'fast-check';
import { digestGroups } from './digest-groups';

const names = (prefix: string, length: number) => Array.from({ length }, (_, at) => `${prefix}${at}`);
const ROOMS = names('room', 5);
const SOCKETS = names('socket', 8);
const rooms = fc.dictionary(fc.constantFrom(...ROOMS), fc.uniqueArray(fc.constantFrom(...SOCKETS)));
const piece = fc.record({
  rooms: fc.array(fc.constantFrom(...ROOMS), { maxLength: 4 }),
  hiddenFrom: fc.array(fc.constantFrom(...ROOMS), { maxLength: 1 }),
});

describe('digestGroups', () => {
  it('gives each socket what its rooms are told and it may see, once, in one group', () =>
    fc.assert(
      fc.property(rooms, fc.array(piece, { maxLength: 6 }), (inRooms, pieces) => {
        const isIn = (socket: string, room: string) => inRooms[room]?.includes(socket) ?? false;
        const groups = digestGroups(pieces, (room) => inRooms[room] && new Set(inRooms[room]));
        for (const socket of SOCKETS) {
          const got = groups.filter(({ sockets }) => sockets.includes(socket)).map(({ pieces: places }) => places);
          const due = pieces.flatMap(({ rooms: told, hiddenFrom }, at) =>
            told.some((room) => isIn(socket, room)) && !hiddenFrom.some((room) => isIn(socket, room)) ? [at] : [],
          );
          expect(got).toEqual(due.length === 0 ? [] : [due]);
        }
      }),
    ));

  it('has one group for a thousand who all share one room, whatever else they share', () => {
    const people = names('person', 1_000);
    const all = new Set(people);
    const pieces = people.slice(0, 100).map((person) => ({ rooms: ['all', `with-${person}`], hiddenFrom: [] }));
    const groups = digestGroups(pieces, (room) => (room === 'all' ? all : new Set([room.slice(5), 'person999'])));
    expect(groups).toHaveLength(1);
    expect(groups[0]!.sockets).toHaveLength(1_000);
  });
});
