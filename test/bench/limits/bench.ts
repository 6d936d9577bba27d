import type { Table } from '../messaging/table';
import type { Server } from '../support/servers';

/** What both parts work with. */
export interface LimitsBench {
  table: Table;
  platformKey: string;
  enginePids: number[];
  start(env?: NodeJS.ProcessEnv): Promise<Server>;
}
