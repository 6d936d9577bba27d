import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { profileTable, hottest } from '../support/profile/profile-table';
import { timesIn, type CpuProfile } from '../support/profile/cpu-profile';
import { startServer, type Server } from '../support/servers';
import type { Measured } from './crowd';
import type { Table } from './table';

const EVERY_US = 500;
const HOTTEST = 40;

/** An api under V8's profiler, which writes to a temporary folder what it saw, when the api ends. */
export class ProfiledApi {
  private constructor(
    readonly server: Server,
    private readonly folder: string,
  ) {}

  static async start(env: NodeJS.ProcessEnv): Promise<ProfiledApi> {
    const folder = await mkdtemp(join(tmpdir(), 'caas-profile-'));
    const profiler = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${EVERY_US}`];
    const options = [...profiler, '--require', join(__dirname, '../support/profile/named-json.js')];
    return new ProfiledApi(await startServer('apps/api/src/main.js', env, options), folder);
  }

  /** Ends the api, and prints where its CPU time went during the talks, per send. */
  async report(table: Table, talks: Measured[]): Promise<void> {
    await this.server.stop();
    const sum = (of: (talk: Measured) => number) => talks.reduce((total, talk) => total + of(talk), 0);
    const sends = sum(({ accepted }) => accepted);
    const times = timesIn(await this.read(), talks);
    const mainThreadMs = (1000 * sum(({ mainThreadCpuSeconds }) => mainThreadCpuSeconds)) / sends;
    const processMs = (1000 * sum(({ cpu }) => cpu['api']!)) / sends;
    table.heading(`CPU of the api under the profiler, of ${sends} sends: ${processMs.toFixed(3)} ms per send`);
    for (const line of profileTable(times, { mainThreadMs, processMs })) table.note(line);
    table.heading(`The ${HOTTEST} functions with most time of their own`);
    for (const line of hottest(times.own, times, mainThreadMs, HOTTEST)) table.note(line);
    table.heading(`The ${HOTTEST} functions of ours with most time, with what they called before they waited`);
    for (const line of hottest(times.withCalled, times, mainThreadMs, HOTTEST)) table.note(line);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** That of the main thread: `CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile`. */
  private async read(): Promise<CpuProfile> {
    const name = (await readdir(this.folder)).find((each) => each.includes(`.${this.server.pid}.0.`));
    if (!name) throw new Error('The api left no profile');
    return JSON.parse(await readFile(join(this.folder, name), 'utf8')) as CpuProfile;
  }
}
