import type { SelfTime, Times } from './cpu-profile';

/** CPU of one send, in milliseconds, as the system counts it. */
export interface SendCpu {
  /** Of the thread that runs JavaScript, which is the one in the profile. */
  mainThreadMs: number;
  /** With the threads that collect garbage, compile and wait for files beside it. */
  processMs: number;
}

/**
 * Time by area, the largest first. A profiler sees when a function was on the processor or waited for one; the rows share out, as it saw
 * them, the CPU time that the system counts.
 */
export function profileTable({ own }: Times, { mainThreadMs, processMs }: SendCpu): string[] {
  const byArea = new Map<string, number>();
  for (const { area, us } of own) byArea.set(area, (byArea.get(area) ?? 0) + us);
  const total = sumOf(own);
  const rows = [...byArea].map(([area, us]): [string, number] => [area, (mainThreadMs * us) / total]);
  rows.sort(([, one], [, other]) => other - one);
  rows.push(['other threads: garbage collection, compiling', processMs - mainThreadMs], ['together', processMs]);
  return rows.map(
    ([area, ms]) =>
      `${area.padEnd(46)} ${ms.toFixed(4).padStart(8)} ms ${((100 * ms) / processMs).toFixed(1).padStart(6)} %`,
  );
}

/** The first of some functions, in microseconds per send. */
export function hottest(functions: Partial<SelfTime>[], { own }: Times, mainThreadMs: number, count: number): string[] {
  const total = sumOf(own);
  return functions.slice(0, count).map(({ name, place, area, us }) => {
    const perSend = ((1000 * mainThreadMs * us!) / total).toFixed(1).padStart(6);
    return `${perSend} µs  ${name} ${place}${area ? `  [${area}]` : ''}`;
  });
}

const sumOf = (times: SelfTime[]): number => times.reduce((sum, { us }) => sum + us, 0);
