import type { SoakResult } from './run';

const FAULTS_SHOWN = 5;

/** What went on, and then a line for each promise. */
export function report({ crowd, ledger, trouble, checks }: SoakResult): string {
  const { counts, acknowledged } = ledger;
  const sum = (of: 'syncs' | 'connections') => crowd.clients.reduce((total, client) => total + client.counts[of], 0);
  const facts: [string, number][] = [
    ['messages acknowledged', acknowledged.length],
    ['  over sockets', counts.overSocket],
    ['  over REST', counts.overRest],
    ['  by a repetition', counts.replayed],
    ['REST attempts repeated', crowd.tenant.rest.repeated],
    ['edits', counts.edits],
    ['reactions', counts.reactions],
    ['read marks', counts.marks],
    ['connections of sockets', sum('connections')],
    ['  of these chosen by the client', counts.reconnects],
    ['calls of sync', sum('syncs')],
    ['apis killed with -9', trouble.apisKilled],
    ['Redis restarted', trouble.redisRestarts],
  ];
  const lines = facts.map(([what, count]) => `  ${what.padEnd(34)}${String(count).padStart(8)}`);
  const verdicts = checks.map(({ promise, seen, faults }) => {
    const verdict = `  ${faults.length === 0 ? 'ok ' : 'BAD'} ${promise.padEnd(38)}${String(faults.length).padStart(6)} faults  (${seen})`;
    return [verdict, ...faults.slice(0, FAULTS_SHOWN).map((fault) => `        ${fault}`)].join('\n');
  });
  return `\n${lines.join('\n')}\n\n${verdicts.join('\n')}\n`;
}
