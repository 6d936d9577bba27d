import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { cpuSeconds } from './cpu';
import type { Load, LoadResult } from './load';
import { median } from './statistics';

const REPETITIONS = 3;
const WARM_UP_SECONDS = 2;

/** One of two ways that are compared. */
export interface Contender {
  name: string;
  load: Load;
  /** The processes that serve it, engines included. */
  pids: number[];
}

export interface Rate {
  perSecond: number;
  perCpuSecond: number;
}

/** Medians over three repetitions, taken in turn so that whatever else the machine does befalls all of them alike. */
export async function compare(contenders: Contender[]): Promise<Rate[]> {
  for (const { load } of contenders) await runLoad({ ...load, seconds: WARM_UP_SECONDS });
  const rates: Rate[][] = contenders.map(() => []);
  for (let repetition = 0; repetition < REPETITIONS; repetition += 1) {
    for (const [index, contender] of contenders.entries()) rates[index]!.push(await measure(contender));
  }
  return rates.map((each) => ({
    perSecond: median(each.map(({ perSecond }) => perSecond)),
    perCpuSecond: median(each.map(({ perCpuSecond }) => perCpuSecond)),
  }));
}

/** @throws Error when a request failed */
export async function measure({ name, load, pids }: Contender): Promise<Rate> {
  const before = cpuSeconds(pids);
  const { requests, seconds, failed } = await runLoad(load);
  const used = cpuSeconds(pids) - before;
  if (failed > 0 || requests === 0) throw new Error(`${name}: ${failed} of ${requests + failed} requests failed`);
  return { perSecond: requests / seconds, perCpuSecond: requests / used };
}

async function runLoad(load: Load): Promise<LoadResult> {
  const child = fork(join(__dirname, 'load.js'));
  child.send(load);
  const [result] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the load client ended with ${code}`))),
  ])) as [LoadResult];
  return result;
}
