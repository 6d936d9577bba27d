import { toJson } from './inputs/raw-bson';
import type { Sent } from './inputs/scripts';
import { commonWords, type Verdict } from './verdict';

const SHOWN = 1_500;
const SLOWEST = 8;

interface Group {
  count: number;
  /** The shortest command that was answered so. */
  example: string;
  number: number;
}

/** A command, or some in a row, that broke what is promised. */
export interface Finding {
  what: string;
  /** Which of the seed's scripts. */
  number: number;
  script: readonly Sent[];
}

const most = <T>(groups: Map<T, number>) =>
  [...groups].sort(([, a], [, b]) => b - a).map(([name, count]) => `${String(name)} × ${count}`);
const add = <T>(groups: Map<T, number>, name: T) => groups.set(name, (groups.get(name) ?? 0) + 1);

/** One command to read. */
export const lineOf = ({ body, beside }: Sent): string =>
  toJson(body) + (beside ? ` beside: ${beside.field} ${toJson(beside.documents)}` : '');

/** What a run has found. */
export class FuzzReport {
  commands = 0;
  crashes = 0;
  /** Of the unrelated client's `findOne`. */
  worstMs = 0;
  unrelated = 0;
  readonly findings: Finding[] = [];
  private readonly byCommand = new Map<string, number>();
  private readonly byCode = new Map<number, number>();
  private readonly internal = new Map<string, Group>();
  private slowest: { ms: number; line: string; number: number }[] = [];

  answered(number: number, sent: Sent, verdict: Verdict | null, ms: number): void {
    this.commands += 1;
    const name = sent.body.entries[0]?.[0] ?? '';
    add(this.byCommand, /^\w{1,30}$/.test(name) ? name : '(odd)');
    if (verdict) add(this.byCode, verdict.code);
    if (verdict?.kind === 'internal') this.addInternal(number, sent, verdict.message);
    if (ms <= (this.slowest.at(-1)?.ms ?? 0) && this.slowest.length === SLOWEST) return;
    const entry = { ms, number, line: lineOf(sent).slice(0, SHOWN / 5) };
    this.slowest = [...this.slowest, entry].sort((a, b) => b.ms - a.ms).slice(0, SLOWEST);
  }

  find(what: string, number: number, script: readonly Sent[]): void {
    this.findings.push({ what, number, script });
    console.log(`FOUND ${what}, in script ${number}:`);
    for (const sent of script) console.log(`  ${lineOf(sent).slice(0, SHOWN)}`);
  }

  get internalErrors(): number {
    return [...this.internal.values()].reduce((sum, { count }) => sum + count, 0);
  }

  text(): string {
    const internal = [...this.internal].sort(([, a], [, b]) => b.count - a.count);
    return [
      `${this.commands} commands; ${this.crashes} crashes of the engine; ${this.findings.length} findings`,
      `an unrelated findOne, ${this.unrelated} in a row: at most ${this.worstMs.toFixed(0)} ms`,
      `by command: ${most(this.byCommand).join(', ')}`,
      `by code (0: a result): ${most(this.byCode).join(', ')}`,
      'slowest:',
      ...this.slowest.map(({ ms, number, line }) => `  ${ms.toFixed(0)} ms  script ${number}  ${line}`),
      `InternalError: ${this.internalErrors} in ${internal.length} groups`,
      ...internal.flatMap(([words, { count, example, number }]) => [
        `  × ${count}  ${words}`,
        `      script ${number}  ${example.slice(0, SHOWN)}`,
      ]),
    ].join('\n');
  }

  private addInternal(number: number, sent: Sent, message: string): void {
    const words = commonWords(message);
    const group = this.internal.get(words) ?? { count: 0, example: '', number };
    group.count += 1;
    const line = lineOf(sent);
    if (group.example === '' || line.length < group.example.length) Object.assign(group, { example: line, number });
    this.internal.set(words, group);
  }
}
