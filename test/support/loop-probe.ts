/**
 * Loaded into a process of the system before all else: watches how long its event loop is held. A file in the data folder tells the
 * worst moments: by the processor's time that this thread has used between two ticks, which no other process can lengthen.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One moment in which the loop was held. */
export interface HeldMoment {
  cpuMs: number;
  /** On the clock, and so whatever else the machine did. */
  lateMs: number;
  /** Requests that began within it. */
  requests: string[];
}

const TICK_MS = 5;
const WRITE_EVERY_MS = 250;
const KEPT = 20;
/** For the process to have started. */
const WARM_UP_MS = 15_000;

let worst: HeldMoment[] = [];
let requests: string[] = [];
let cpuBefore = process.threadCpuUsage();
let before = performance.now();
let changed = false;

subscribe('http.server.request.start', (message) => {
  const { method, url } = (message as { request: IncomingMessage }).request;
  if (requests.length < 10) requests.push(`${method} ${url?.slice(0, 120)}`);
});

const tick = () => {
  const now = performance.now();
  const used = process.threadCpuUsage(cpuBefore);
  const moment = { cpuMs: (used.user + used.system) / 1000, lateMs: now - before - TICK_MS, requests };
  if (now > WARM_UP_MS && (worst.length < KEPT || moment.cpuMs > worst.at(-1)!.cpuMs)) {
    worst = [...worst, moment].sort((a, b) => b.cpuMs - a.cpuMs).slice(0, KEPT);
    changed = true;
  }
  [requests, before, cpuBefore] = [[], now, process.threadCpuUsage()];
};
setInterval(tick, TICK_MS).unref();
setInterval(() => {
  if (changed) writeFileSync(join(process.env['DATA_DIR']!, `loop-${process.pid}.json`), JSON.stringify(worst));
  changed = false;
}, WRITE_EVERY_MS).unref();
