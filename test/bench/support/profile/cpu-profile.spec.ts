import { areaOf } from './areas';
import { timesIn, type CpuProfile } from './cpu-profile';
import { hottest, profileTable } from './profile-table';

const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber });

/** root → send (ours) → insert (driver) → writev (native); root → (idle) and (garbage collector). */
const PROFILE: CpuProfile = {
  startTime: 1_000,
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 5, 6] },
    { id: 2, callFrame: frame('send', 'file:///app/dist/libs/domain/messages/src/send.js', 9), children: [3] },
    { id: 3, callFrame: frame('insert', 'file:///app/node_modules/mongodb/lib/insert.js', 0), children: [4] },
    { id: 4, callFrame: frame('writev') },
    { id: 5, callFrame: frame('(idle)') },
    { id: 6, callFrame: frame('(garbage collector)') },
  ],
  samples: [2, 3, 4, 5, 6, 2, 2],
  timeDeltas: [0, 100, 200, 300, 400, 500, 600],
};
const EVERYTHING = [{ fromUs: 0, toUs: 10_000 }];

describe('a CPU profile', () => {
  it("gives each function its own time, native ones for their caller's area, and leaves out waiting", () => {
    expect(timesIn(PROFILE, EVERYTHING).own).toEqual([
      { name: 'send', place: 'libs/domain/messages/src/send.js:10', area: 'messaging and other domains', us: 700 },
      { name: '(garbage collector)', place: '', area: 'garbage collection', us: 500 },
      { name: 'writev', place: '', area: 'mongodb driver', us: 300 },
      { name: 'insert', place: 'mongodb/lib/insert.js:1', area: 'mongodb driver', us: 200 },
    ]);
  });

  it('counts only what was sampled in one of the windows', () => {
    const windows = [
      { fromUs: 1_000, toUs: 1_100 },
      { fromUs: 2_000, toUs: 2_400 },
    ];
    expect(timesIn(PROFILE, windows).own).toEqual([
      { name: '(garbage collector)', place: '', area: 'garbage collection', us: 500 },
      expect.objectContaining({ name: 'send', us: 100 }),
    ]);
  });

  it('is shown by area, as shares of the CPU time that the system counted', () => {
    const lines = profileTable(timesIn(PROFILE, EVERYTHING), { mainThreadMs: 0.17, processMs: 0.2 });
    expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
      'messaging and other domains 0.0700 ms 35.0 %',
      'garbage collection 0.0500 ms 25.0 %',
      'mongodb driver 0.0500 ms 25.0 %',
      'other threads: garbage collection, compiling 0.0300 ms 15.0 %',
      'together 0.2000 ms 100.0 %',
    ]);
  });

  it('gives functions of ours the time of what they called, too', () => {
    const name = { name: 'send', place: 'libs/domain/messages/src/send.js:10' };
    expect(timesIn(PROFILE, EVERYTHING).withCalled).toEqual([{ ...name, us: 1_200 }]);
  });

  it('is shown by function', () => {
    const times = timesIn(PROFILE, EVERYTHING);
    expect(hottest(times.own, times, 0.17, 1)).toEqual([
      '  70.0 µs  send libs/domain/messages/src/send.js:10  [messaging and other domains]',
    ]);
    expect(hottest(times.withCalled, times, 0.17, 1)).toEqual([' 120.0 µs  send libs/domain/messages/src/send.js:10']);
  });
});

describe('the area of a function', () => {
  it.each([
    [
      'a parser before what it is part of',
      'file:///a/node_modules/socket.io-parser/build/cjs/index.js',
      'socket.io-parser',
    ],
    ['an adapter', 'file:///a/node_modules/@socket.io/redis-streams-adapter/dist/adapter.js', 'redis-streams adapter'],
    ['a package within another', 'file:///a/node_modules/mongoose/node_modules/bson/lib/bson.js', 'bson'],
    ['validation', 'file:///a/dist/libs/platform/http/src/input/payload.js', 'validation of input'],
    ['JSON by the functions put before it', 'file:///a/dist/test/bench/support/profile/named-json.js', 'JSON'],
    ['ours', 'file:///a/dist/apps/api/src/main.js', 'other of ours'],
    ['a package that no area names', 'file:///a/node_modules/rxjs/index.js', 'other packages'],
  ])('is that of %s', (_what, url, area) => {
    expect(areaOf([frame('f', url)])).toBe(area);
  });

  it("is Node's where nobody else called it", () => {
    expect(
      areaOf([frame('emit', 'node:events'), frame('onStreamRead', 'node:internal/streams'), frame('(root)')]),
    ).toBe('Node: streams, timers, promises');
  });
});
