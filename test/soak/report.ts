import type { Ledger } from './ledger';
import type { Party, SoakResult } from './run';

const FAULTS_SHOWN = 5;

/** What went on, and then a line for each promise. */
export function report({ parties, trouble, checks }: SoakResult): string {
  const sum = (of: (party: Party) => number) => parties.reduce((total, party) => total + of(party), 0);
  const counted = (of: keyof Ledger['counts']) => sum(({ ledger }) => ledger.counts[of]);
  const ofClients = (of: 'syncs' | 'connections') =>
    sum(({ crowd }) => crowd.clients.reduce((total, { counts }) => total + counts[of], 0));
  const facts: [string, number][] = [
    ['messages acknowledged', sum(({ ledger }) => ledger.acknowledged.length)],
    ['  over sockets', counted('overSocket')],
    ['  over REST', counted('overRest')],
    ['  by a repetition', counted('replayed')],
    ['REST attempts repeated', sum(({ crowd }) => crowd.tenant.rest.repeated)],
    ['edits', counted('edits')],
    ['reactions', counted('reactions')],
    ['read marks', counted('marks')],
    ['members taken out', counted('removals')],
    ['members let in again', counted('returns')],
    ['  refused while they were out', counted('outside')],
    ['connections of sockets', ofClients('connections')],
    ['  of these chosen by the client', counted('reconnects')],
    ['calls of sync', ofClients('syncs')],
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
