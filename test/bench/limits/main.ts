/**
 * `npm run bench:limits [-- cost|accuracy]`: what the limiter costs a call, by two apis on the same engines of which one has no limits,
 * both under load at once; and how much two apis together admit of what is configured, both overloaded all the time. Exits with 1 when
 * a goal is missed.
 */
import { randomBytes } from 'node:crypto';
import { benchEngines } from '../support/engines';
import { startServer, type Server } from '../support/servers';
import { Table } from '../messaging/table';
import { accuracy } from './accuracy';
import { cost } from './cost';

const PARTS = { cost, accuracy };

async function main(wanted: string[]): Promise<boolean> {
  const engines = await benchEngines();
  const platformKey = randomBytes(24).toString('base64url');
  const common = {
    NODE_ENV: 'production',
    MONGODB_URI: engines.mongodbUri,
    REDIS_URL: engines.redisUrl,
    PLATFORM_ADMIN_KEY: platformKey,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    SOCKET_MESSAGES_PER_SECOND: '10000',
  };
  const servers: Server[] = [];
  const start = async (env: NodeJS.ProcessEnv = {}) => {
    const server = await startServer('apps/api/src/main.js', { ...common, ...env });
    servers.push(server);
    return server;
  };
  const table = new Table();
  try {
    for (const [name, part] of Object.entries(PARTS)) {
      if (wanted.length === 0 || wanted.includes(name))
        await part({ table, platformKey, enginePids: engines.pids, start });
    }
    return table.allMet;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await engines.stop();
  }
}

void main(process.argv.slice(2)).then(
  (met) => process.exit(met ? 0 : 1),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
