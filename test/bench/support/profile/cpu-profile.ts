import { areaOf, type Area } from './areas';

/** As `node --cpu-prof` writes it: Profiler.Profile of the Chrome DevTools Protocol. */
export interface CpuProfile {
  nodes: ProfileNode[];
  /** Microseconds of CLOCK_MONOTONIC. */
  startTime: number;
  /** Ids of nodes. */
  samples: number[];
  /** Microseconds between a sample and the one before. */
  timeDeltas: number[];
}

export interface ProfileNode {
  id: number;
  /** Lines count from 0. */
  callFrame: { functionName: string; url: string; lineNumber: number };
  children?: number[];
}

/** A stretch of the time that `CpuProfile` speaks of. */
export interface TimeWindow {
  fromUs: number;
  toUs: number;
}

/** A function's own time, without that of functions it calls. */
export interface SelfTime {
  name: string;
  /** `socket.io/dist/socket.js:12`; empty for what is native. */
  place: string;
  area: Area;
  us: number;
}

export interface Times {
  /** Each function once for each area that it worked for, the longest first. */
  own: SelfTime[];
  /** Functions of ours with all that they called before they waited for something, the longest first. */
  withCalled: Omit<SelfTime, 'area'>[];
}

const OURS = /\/dist\/(apps|libs)\//;

/** What the thread did in some windows, but for waiting. */
export function timesIn(profile: CpuProfile, windows: TimeWindow[]): Times {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(profile.nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const own = new Map<string, SelfTime>();
  const withCalled = new Map<string, Omit<SelfTime, 'area'>>();
  for (const [id, us] of timeInWindows(profile, windows)) {
    const stack = stackOf(id, nodes, parents);
    const area = areaOf(stack);
    if (area === null) continue;
    addTo(own, { ...named(stack[0]!), area, us }, area);
    const ours = stack.filter(({ url }) => OURS.test(url)).map(named);
    // A function that calls itself counts once.
    for (const one of new Map(ours.map((each) => [keyOf(each), each])).values()) addTo(withCalled, { ...one, us });
  }
  const longestFirst = (one: { us: number }, other: { us: number }) => other.us - one.us;
  return { own: [...own.values()].sort(longestFirst), withCalled: [...withCalled.values()].sort(longestFirst) };
}

type Named = Pick<SelfTime, 'name' | 'place'>;

const keyOf = ({ name, place }: Named): string => `${name} ${place}`;

function named({ functionName, url, lineNumber }: ProfileNode['callFrame']): Named {
  return { name: functionName || '(anonymous)', place: url === '' ? '' : `${shortened(url)}:${lineNumber + 1}` };
}

function addTo<T extends Named & { us: number }>(all: Map<string, T>, one: T, apart = ''): void {
  const key = `${keyOf(one)} ${apart}`;
  const known = all.get(key);
  if (known) known.us += one.us;
  else all.set(key, one);
}

function timeInWindows({ startTime, samples, timeDeltas }: CpuProfile, windows: TimeWindow[]): Map<number, number> {
  const spent = new Map<number, number>();
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index]!;
    if (!windows.some(({ fromUs, toUs }) => at >= fromUs && at < toUs)) continue;
    // A sample holds until the next one.
    spent.set(id, (spent.get(id) ?? 0) + (timeDeltas[index + 1] ?? 0));
  }
  return spent;
}

/** The function itself first, then who called it. */
function stackOf(
  id: number,
  nodes: Map<number, ProfileNode>,
  parents: Map<number, number>,
): ProfileNode['callFrame'][] {
  const stack: ProfileNode['callFrame'][] = [];
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) stack.push(nodes.get(at)!.callFrame);
  return stack;
}

const shortened = (url: string): string =>
  url.replace(/^.*\/node_modules\//, '').replace(/^.*\/dist\/(?=apps|libs)/, '');
