/**
 * `node stranger.js <data folder> <stack.json>`, as root: gives that up for good and tries, as another user of the machine, to reach what
 * a stack has. Prints what it got as JSON; nothing is what it should get. What it needs is loaded before, because it may read
 * nothing of ours afterwards.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { MongoClient } from 'mongodb';
import { Client } from 'pg';

const NOBODY = 65_534;

export interface Reached {
  folders: string[];
  files: string[];
  environments: number[];
  /** Of processes whose command line holds a password. */
  commandLines: number[];
  postgres: string;
  redis: string;
  mongodb: string;
}

interface Target {
  dataDir: string;
  paths: string[];
  pids: number[];
  passwords: string[];
  ports: { postgres: number; redis: number; gateway: number };
}

async function main(target: Target): Promise<Reached> {
  // The driver loads some of itself late: it has connected once before.
  await tryMongo(target.ports.gateway);
  process.setgroups!([NOBODY]);
  process.setgid!(NOBODY);
  process.setuid!(NOBODY);
  return {
    folders: [target.dataDir, ...target.paths].filter((path) => can(() => readdirSync(path))),
    files: target.paths.filter((path) => can(() => readFileSync(path))),
    environments: target.pids.filter((pid) => can(() => readFileSync(`/proc/${pid}/environ`))),
    commandLines: target.pids.filter((pid) => {
      const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return target.passwords.some((password) => text.includes(password));
    }),
    postgres: await tryPostgres(target.ports.postgres),
    redis: await tryRedis(target.ports.redis),
    mongodb: await tryMongo(target.ports.gateway),
  };
}

function can(look: () => unknown): boolean {
  try {
    look();
    return true;
  } catch {
    return false;
  }
}

/** @returns what it got, or the refusal */
async function tryPostgres(port: number): Promise<string> {
  const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', password: 'guess' });
  try {
    await client.connect();
    const { rows } = await client.query<{ n: string }>('select count(*) as n from pg_class');
    return `${rows[0]?.n} tables`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function tryRedis(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('DBSIZE\r\n'));
    socket.once('data', (data) => {
      resolve(data.toString().trim());
      socket.destroy();
    });
    socket.once('error', (error) => resolve(error.message));
  });
}

async function tryMongo(port: number): Promise<string> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true&serverSelectionTimeoutMS=3000`);
  try {
    const { databases } = await client.db('admin').admin().listDatabases();
    return `${databases.length} databases`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.close();
  }
}

void main(JSON.parse(readFileSync(0, 'utf8')) as Target).then((reached) => console.log(JSON.stringify(reached)));
