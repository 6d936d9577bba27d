import type { MongoClient, ObjectId } from 'mongodb';
import type { Table } from '../messaging/table';
import type { BenchEngines } from '../support/engines';
import type { Server } from '../support/servers';

/** What every part works with. */
export interface Bench {
  engines: BenchEngines;
  database: MongoClient;
  api: Server;
  /** Of api and worker. */
  env: NodeJS.ProcessEnv;
  platformKey: string;
  table: Table;
}

/** A tenant on the free tier whose conversations were given messages of earlier years. */
export interface Archivable {
  tenantId: string;
  /** A user token of somebody who is in all of them. */
  token: string;
  conversations: LoadedConversation[];
  /** Of all conversations, those that are old enough to move. */
  old: number;
}

export interface LoadedConversation {
  id: ObjectId;
  /** The first messages are old, the others of this month. */
  old: number;
  recent: number;
}

export const DATABASE = 'caas_shared';
