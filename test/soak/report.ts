import type { Journal } from './journal';
import type { SoakResult, SoakTenant } from './run';

const FAULTS_SHOWN = 5;

/** What went on, and then a line for each promise. */
export function report({ tenants, chaos, checks }: SoakResult): string {
  const sum = (of: (tenant: SoakTenant) => number) => tenants.reduce((total, tenant) => total + of(tenant), 0);
  const counted = (of: keyof Journal['counts']) => sum(({ journal }) => journal.counts[of]);
  const ofClients = (of: 'syncs' | 'connections') =>
    sum(({ users }) => users.clients.reduce((total, { counts }) => total + counts[of], 0));
  const facts: [string, number][] = [
    ['messages acknowledged', sum(({ journal }) => journal.history.acknowledged.length)],
    ['  over sockets', counted('overSocket')],
    ['  over REST', counted('overRest')],
    ['  by a repetition', counted('replayed')],
    ['  in threads', sum(({ journal }) => journal.replies.size)],
    ['REST attempts repeated', sum(({ retry }) => retry.repeated)],
    ['edits', counted('edits')],
    ['reactions', counted('reactions')],
    ['read marks', counted('marks')],
    ['members taken out', counted('removals')],
    ['members let in again', counted('returns')],
    ['  refused while they were out', counted('outside')],
    ['connections of sockets', ofClients('connections')],
    ['  of these chosen by the client', counted('reconnects')],
    ['calls of sync', ofClients('syncs')],
    ['apis killed with -9', chaos.apisKilled],
    ['Redis restarted', chaos.redisRestarts],
  ];
  const lines = facts.map(([what, count]) => `  ${what.padEnd(34)}${String(count).padStart(8)}`);
  const verdicts = checks.map(({ promise, seen, faults }) => {
    const verdict = `  ${faults.length === 0 ? 'ok ' : 'BAD'} ${promise.padEnd(38)}${String(faults.length).padStart(6)} faults  (${seen})`;
    return [verdict, ...faults.slice(0, FAULTS_SHOWN).map((fault) => `        ${fault}`)].join('\n');
  });
  return `\n${lines.join('\n')}\n\n${verdicts.join('\n')}\n`;
}
