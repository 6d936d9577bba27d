import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayProcess } from '../contract/gateway.support';
import { Connection, frameOf } from './connection';
import { EngineWatch } from './engine-watch';
import { script, type Sent } from './inputs/scripts';
import { lineOf, FuzzReport } from './report';
import { seedData } from './seed-data';
import { shrink } from './shrink';
import { UnrelatedClient } from './unrelated-client';
import { verdictOn } from './verdict';

export interface FuzzOptions {
  seed: number;
  /** How many commands are sent, at least, unless time runs out. */
  commands: number;
  mostMs: number;
  clients?: number;
  /** Whether a command that ends the engine is made smaller, which ends it again and again. */
  shrinks?: boolean;
  /** These scripts alone, one after the other. */
  only?: readonly number[];
}

/** Nobody waits longer for an answer. */
const ANSWER_MS = 30_000;
const CLIENTS = 8;
const SEED_EVERY = 500;
/** What was answered this long before a crash was seen may have caused it. */
const BEFORE_CRASH_MS = 1_000;
const SETTLE_MS = 300;
const SHRINK_ATTEMPTS = 40;
const REMEMBERED = 64;
const MOST_UNSEEDED = 3;

/** A script at work, or just done. */
interface Attempt {
  number: number;
  script: readonly Sent[];
  endedAt: number;
  lost: boolean;
}

/** Commands of every kind, made up by a seed, from several clients at once, with an eye on everything that could fall over. */
export class GatewayFuzz {
  private readonly report = new FuzzReport();
  private readonly attempts: Attempt[] = [];
  private readonly known: string[] = [];
  private gateway!: GatewayProcess;
  private watch!: EngineWatch;
  private next = 0;
  private crash: Promise<void> | null = null;
  /** While scripts are sent again one by one to see which of them it was. */
  private alone = false;
  private working = 0;
  private gatewayUpAt = 0;
  private unseeded = 0;

  private constructor(
    private readonly postgresUri: string,
    private readonly options: FuzzOptions,
  ) {}

  static async run(postgresUri: string, options: FuzzOptions): Promise<FuzzReport> {
    const fuzz = new GatewayFuzz(postgresUri, options);
    fuzz.gateway = await GatewayProcess.start(postgresUri);
    fuzz.watch = await EngineWatch.begin(postgresUri, (reason) => fuzz.crashed(reason));
    const unrelated = new UnrelatedClient(
      () => fuzz.gateway.port,
      ANSWER_MS,
      (ms, wrong) => fuzz.unrelatedAnswered(ms, wrong),
    );
    try {
      await fuzz.seedAgain();
      await unrelated.start();
      await fuzz.all();
    } finally {
      await unrelated.stop();
      await fuzz.watch.stop();
      await fuzz.gateway.end();
    }
    return fuzz.report;
  }

  private async all(): Promise<void> {
    const { clients = CLIENTS, only, seed, mostMs, commands } = this.options;
    if (only) {
      for (const number of only) await this.attempt(number, script(seed, number));
      await sleep(SETTLE_MS);
      return;
    }
    const endsAt = performance.now() + mostMs;
    const isOver = () =>
      this.report.commands >= commands || performance.now() > endsAt || this.unseeded >= MOST_UNSEEDED;
    const client = async () => {
      while (!isOver()) {
        await this.crash;
        const number = this.next++;
        this.working += 1;
        try {
          if (number % SEED_EVERY === SEED_EVERY - 1) await this.seedAgain();
          await this.attempt(number, script(seed, number));
        } finally {
          this.working -= 1;
        }
      }
    };
    await Promise.all(Array.from({ length: clients }, client));
    await sleep(SETTLE_MS);
    await this.crash;
  }

  /** Sends a script on a connection of its own, one command after the other. */
  private async attempt(number: number, commands: readonly Sent[]): Promise<void> {
    const attempt: Attempt = { number, script: commands, endedAt: Infinity, lost: false };
    this.attempts.push(attempt);
    if (this.attempts.length > REMEMBERED) this.attempts.shift();
    try {
      const connection = await Connection.to(this.gateway.port);
      try {
        for (const sent of commands) if (!(await this.command(connection, attempt, sent))) break;
      } finally {
        connection.close();
      }
    } catch (error) {
      attempt.lost = true;
      if (!this.alone) await this.gatewayEnded(attempt, (error as Error).message);
    }
    attempt.endedAt = performance.now();
  }

  private async command(connection: Connection, attempt: Attempt, sent: Sent): Promise<boolean> {
    const startedAt = performance.now();
    const frame = frameOf(sent, connection.cursorId);
    if (sent.leaves) {
      this.report.answered(attempt.number, sent, null, 0);
      await connection.leave(frame);
      // It may be at work for a while.
      attempt.lost = true;
      return false;
    }
    const outcome = await connection.ask(frame, ANSWER_MS);
    const verdict = outcome.reply && verdictOn(outcome.reply);
    this.report.answered(attempt.number, sent, verdict, performance.now() - startedAt);
    if (verdict?.kind === 'lost') {
      attempt.lost = true;
      await sleep(SETTLE_MS);
      if (!this.crashedSince(startedAt)) this.report.find(`an engine lost: ${verdict.message}`, attempt.number, [sent]);
      return false;
    }
    if (verdict?.kind === 'wrong') this.report.find(`a wrong answer: ${verdict.message}`, attempt.number, [sent]);
    if (verdict) return true;
    attempt.lost = true;
    const { why } = outcome as { why: string };
    if (why === 'hung up') await this.hungUp(attempt, sent, startedAt);
    else if (!this.crashedSince(startedAt)) this.report.find(why, attempt.number, [sent]);
    return false;
  }

  private crashedSince(startedAt: number): boolean {
    return this.watch.crashes.some(({ upAt }) => upAt >= startedAt - BEFORE_CRASH_MS);
  }

  /** The gateway ended a connection: because it is gone, or because of what it read. */
  private async hungUp(attempt: Attempt, sent: Sent, startedAt: number): Promise<void> {
    await sleep(SETTLE_MS);
    try {
      (await Connection.to(this.gateway.port)).close();
      if (this.gatewayUpAt < startedAt) this.report.find('hung up', attempt.number, [sent]);
    } catch {
      await this.gatewayEnded(attempt, 'it hung up and is gone');
    }
  }

  private async gatewayEnded(attempt: Attempt, why: string): Promise<void> {
    const { gateway } = this;
    const ended = await Promise.race([gateway.exit, sleep(SETTLE_MS).then(() => null)]);
    if (this.gateway !== gateway) return;
    if (ended === null) return this.report.find(`no connection: ${why}`, attempt.number, attempt.script);
    for (const each of this.attempts.filter(({ endedAt }) => endedAt === Infinity)) {
      this.report.find(`the gateway ended (${ended}); in flight`, each.number, each.script);
    }
    console.log(gateway.errors);
    this.gateway = await GatewayProcess.start(this.postgresUri);
    this.gatewayUpAt = performance.now();
  }

  private crashed(reason: string): void {
    this.report.crashes += 1;
    console.log(`CRASH ${this.report.crashes} of the engine: ${reason}`);
    if (!this.alone) this.crash = this.recover();
  }

  /** Once the engine is back, the scripts that were at work then are sent again, each alone, until one ends it again. */
  private async recover(): Promise<void> {
    const at = performance.now();
    await this.watch.whenUp;
    for (const deadline = at + ANSWER_MS; this.working > 0 && performance.now() < deadline;) await sleep(20);
    const suspects = this.attempts.filter(({ lost, endedAt }) => lost && endedAt > at - BEFORE_CRASH_MS);
    this.alone = true;
    try {
      const guilty = await this.guiltyOf(suspects);
      for (const each of guilty ? [] : suspects)
        this.report.find('in flight at a crash, harmless alone', each.number, each.script);
    } finally {
      this.alone = false;
      await this.seedAgain();
      this.crash = null;
    }
  }

  private async guiltyOf(suspects: Attempt[]): Promise<boolean> {
    for (const { number, script } of suspects) {
      await this.seedAgain();
      if (!(await this.endsEngine(script))) continue;
      const alike = this.known.find((each) => isWithin(each, operatorsOf(script)));
      const smallest =
        this.options.shrinks && alike === undefined
          ? await shrink(script, SHRINK_ATTEMPTS, (less) => this.endsEngine(less))
          : script;
      if (alike === undefined && this.options.shrinks) this.known.push(operatorsOf(smallest));
      this.report.find(`ends the engine${alike === undefined ? '' : ` (as ${alike})`}`, number, smallest);
      return true;
    }
    return false;
  }

  private async endsEngine(commands: readonly Sent[]): Promise<boolean> {
    const before = this.watch.crashes.length;
    await this.attempt(-1, commands);
    await sleep(SETTLE_MS);
    await this.watch.whenUp;
    return this.watch.crashes.length > before;
  }

  private unrelatedAnswered(ms: number, wrong: string | null): void {
    const startedAt = performance.now() - ms;
    if (this.crashedSince(startedAt) || this.gatewayUpAt > startedAt - BEFORE_CRASH_MS) return;
    this.report.unrelated += 1;
    this.report.worstMs = Math.max(this.report.worstMs, ms);
    if (wrong === null) return;
    const at = performance.now();
    // A crash may be seen a moment after its first victims.
    setTimeout(() => {
      if (!this.crashedSince(at)) this.report.find(`the unrelated client: ${wrong}`, -1, []);
    }, SETTLE_MS);
  }

  private async seedAgain(): Promise<void> {
    const startedAt = performance.now();
    const connection = await Connection.to(this.gateway.port);
    try {
      await seedData(connection, this.options.seed);
    } catch (error) {
      await sleep(SETTLE_MS);
      if (this.crashedSince(startedAt)) return;
      // What holds it, for instance a backend that never ends, holds the next as well.
      this.unseeded += 1;
      this.report.find((error as Error).message, -1, []);
    } finally {
      connection.close();
    }
  }
}

/** The names with a dollar, which say best what a script is about. */
function operatorsOf(commands: readonly Sent[]): string {
  const names = commands.flatMap((sent) => lineOf(sent).match(/"\$[A-Za-z]{2,40}"(?=:)/g) ?? []);
  const plain = names
    .map((name) => name.slice(1, -1))
    .filter((name) => !/^\$(number|db|oid|date|binary|raw)/.test(name));
  return [commands[0]?.body.entries[0]?.[0], ...new Set(plain.sort())].join(' ');
}

const isWithin = (some: string, others: string) => some.split(' ').every((name) => others.split(' ').includes(name));
