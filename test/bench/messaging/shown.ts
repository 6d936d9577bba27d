import { sum, type Account } from '../support/account';
import type { Figures, Totals } from './bench';
import type { Table } from './table';

/** What is not worth a word: CPU seconds, and commands of a send. */
const LEAST_SECONDS = 0.05;
const LEAST_COMMANDS = 0.005;

export const described = (figures: Figures): string => {
  const { acceptedPerSecond, deliveriesPerSecond, acceptedPerCpuSecond, acknowledgedMs, deliveredMs } = figures;
  const shown = [
    `${acceptedPerSecond.toFixed(0)} accepted/s`,
    `${deliveriesPerSecond.toFixed(0)} deliveries/s`,
    `${acceptedPerCpuSecond.toFixed(0)} per CPU-s`,
    `acknowledged ${shownMs(acknowledgedMs)}`,
  ];
  return (Number.isNaN(deliveredMs.p50) ? shown : [...shown, `delivered ${shownMs(deliveredMs)}`]).join(', ');
};

const shownMs = ({ p50, p99 }: Figures['deliveredMs']) => `p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms`;

export const shownCpu = (cpu: Account): string =>
  Object.entries(cpu)
    .map(([role, seconds]) => `${role} ${seconds.toFixed(1)}`)
    .join(', ');

/** What everybody who takes part used while it was measured, and what a send costs the servers. */
export function noteCpu(table: Table, { totals }: Figures): void {
  const { accepted, cpu, postgresCpu, clientCpuSeconds, commands } = totals;
  table.note(`CPU-s: ${shownCpu(cpu)}; clients apart ${clientCpuSeconds.toFixed(1)}`);
  const kinds = Object.entries(postgresCpu)
    .filter(([, seconds]) => seconds >= LEAST_SECONDS)
    .sort(([, one], [, other]) => other - one);
  if (kinds.length > 0) table.note(`       of postgres: ${shownCpu(Object.fromEntries(kinds))}`);
  const { api, gateway, engine } = msPerSend(totals);
  table.note(
    `CPU of a send: api ${api.toFixed(3)} ms, gateway ${gateway.toFixed(3)} ms, engine ${engine.toFixed(3)} ms`,
  );
  const ofASend = Object.entries(commands)
    .map(([name, count]) => [name, count / accepted] as const)
    .filter(([, each]) => each >= LEAST_COMMANDS)
    .map(([name, each]) => `${name} ${each.toFixed(3)}`);
  table.note(`commands to the engine, of a send: ${ofASend.join(', ')}`);
}

/** Milliseconds of CPU per accepted send; the engine is whatever serves but api, gateway and Redis. */
export function msPerSend({ accepted, cpu }: Totals): { api: number; gateway: number; engine: number } {
  const { api = 0, gateway = 0, redis = 0 } = cpu;
  const ms = (seconds: number) => (1000 * seconds) / accepted;
  return { api: ms(api), gateway: ms(gateway), engine: ms(sum(cpu) - api - gateway - redis) };
}
