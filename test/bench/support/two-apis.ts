import { randomBytes } from 'node:crypto';
import { systemAt, type SystemAccess } from '#caas/testing';
import type { BenchEngines } from './engines';
import { startServer } from './servers';

export interface TwoApis {
  system: SystemAccess;
  stop(): Promise<void>;
}

/** Two processes of the api on the same engines, as in earnest. */
export async function startTwoApis(
  { mongodbUri, redisUrl }: Pick<BenchEngines, 'mongodbUri' | 'redisUrl'>,
  more: NodeJS.ProcessEnv = {},
): Promise<TwoApis> {
  const platformKey = randomBytes(24).toString('base64url');
  const environment = {
    NODE_ENV: 'production',
    MONGODB_URI: mongodbUri,
    REDIS_URL: redisUrl,
    PLATFORM_ADMIN_KEY: platformKey,
    SECRETS_KEY: randomBytes(32).toString('base64'),
    ...more,
  };
  const start = () => startServer('apps/api/src/main.js', environment);
  const apis = [await start(), await start()];
  return {
    system: systemAt(
      apis.map(({ url }) => url),
      platformKey,
    ),
    stop: async () => {
      for (const api of apis) await api.stop();
    },
  };
}
