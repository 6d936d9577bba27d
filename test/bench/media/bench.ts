import type { BenchEngines } from '../support/engines';
import type { Table } from '../messaging/table';

/** What every part works with. */
export interface Bench {
  engines: BenchEngines;
  table: Table;
  platformKey: string;
  /** Of the api, and of a worker where a part starts one. */
  env: NodeJS.ProcessEnv & { DATA_DIR: string };
}
