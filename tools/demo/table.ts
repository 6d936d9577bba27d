import type { Check, Delivery, ReadBack } from './checks';
import type { Latency } from './latency';
import type { Usage } from './tenant';
import type { TenantRun } from './tenant-run';

export interface TenantResult {
  run: TenantRun;
  usage: Usage;
  readBack: ReadBack;
  delivery: Delivery;
  isolation: Check;
}

const GREEN = '\x1b[32m';
const RED = '\x1b[31m';
const PLAIN = '\x1b[0m';
const FAULTS_SHOWN = 5;

/** What each tenant is, where its data lie, and what became of its messages. */
export function table(results: TenantResult[]): string {
  const head = [
    'tier',
    'tenant',
    'database',
    'collections',
    'documents',
    'people',
    'conversations',
    'sent',
    'REST',
    'socket',
  ];
  const more = ['read back', 'told live', 'mended', 'REST p50/p99 ms', 'socket p50/p99 ms'];
  const rows = results.map(({ run, usage, readBack, delivery }) => [
    run.tenant.tier,
    run.tenant.id,
    usage.database,
    `${usage.collections.length} ${usage.collections.find(({ name }) => name.endsWith('messages'))?.name ?? ''}, ...`,
    String(usage.collections.reduce((sum, { documents }) => sum + documents, 0)),
    String(run.plan.people.length),
    String(run.conversations.length),
    String(run.sent),
    String(run.byRest.count),
    String(run.bySocket.count),
    String(readBack.messages),
    `${delivery.live}/${delivery.expected}`,
    String(delivery.mended),
    percentiles(run.byRest),
    percentiles(run.bySocket),
  ]);
  return aligned([[...head, ...more], ...rows]);
}

/** One green or red line per tenant and promise. */
export function verdicts(results: TenantResult[]): string {
  return results
    .flatMap(({ run, readBack, delivery, isolation }) =>
      [readBack.check, delivery.check, isolation].map((check) => verdict(run.tenant.tier, check)),
    )
    .join('\n');
}

export function faultsOf({ readBack, delivery, isolation }: TenantResult): string[] {
  return [readBack.check, delivery.check, isolation].flatMap(({ faults }) => faults);
}

function verdict(tier: string, { promise, seen, faults }: Check): string {
  const colour = process.stdout.isTTY ? (faults.length === 0 ? GREEN : RED) : '';
  const plain = process.stdout.isTTY ? PLAIN : '';
  const line = `${colour}${faults.length === 0 ? 'green' : 'RED  '}${plain}  ${tier.padEnd(10)}  ${promise}: ${seen}`;
  const shown = faults.slice(0, FAULTS_SHOWN).map((fault) => `         ${fault}`);
  const hidden = faults.length - shown.length;
  return [line, ...shown, ...(hidden > 0 ? [`         and ${hidden} more`] : [])].join('\n');
}

const percentiles = (latency: Latency) =>
  [0.5, 0.99].map((fraction) => latency.percentile(fraction).toFixed(0)).join(' / ');

/** Set on its side, one line per fact: there are more facts than tenants. */
function aligned(rows: string[][]): string {
  const widths = rows.map((row) => Math.max(...row.map((cell) => cell.length)));
  const facts = rows[0]!.map((_, fact) =>
    rows
      .map((row, index) => row[fact]!.padEnd(widths[index]!))
      .join('  ')
      .trimEnd(),
  );
  return facts.join('\n');
}
