import { setTimeout as sleep } from 'node:timers/promises';
import { Global, Module, type DynamicModule, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JOBS, type Job } from '#caas/contracts';
import type { RequestContext, TenantId } from '#caas/kernel';
import { ConfigModule, runtimeConfig } from '#caas/platform/config';
import { HealthModule } from '#caas/platform/health';
import { loggingConfig, LoggingModule } from '#caas/platform/logging';
import { Handles, JobContexts, JobRunnerModule, QueueModule, Queues } from '#caas/platform/queue';
import { RedisConnections, RedisModule } from '#caas/platform/redis';
import { waitFor } from '#caas/testing';

/** What a stand-in's job is to do: it travels as the job's request id. */
export interface Errand {
  name: string;
  /** How long it works. */
  ms?: number;
  /** How often it fails before it succeeds. */
  failures?: number;
}

export const errandId = ({ name, ms = 0, failures = 0 }: Errand): string => `${name}~${ms}~${failures}`;

function errandOf(requestId: string): Required<Errand> {
  const [name, ms, failures] = requestId.split('~');
  return { name: name!, ms: Number(ms), failures: Number(failures) };
}

/** Told of each job when it begins and when it is done. */
export interface Witness {
  began(errand: Errand, tenantId: TenantId): unknown;
  ended(errand: Errand, tenantId: TenantId): unknown;
}

/** Contexts without a database. */
class BareContexts extends JobContexts {
  override open = (tenantId: TenantId, requestId: string) => Promise.resolve({ tenantId, requestId } as RequestContext);
  override wasDeleted = () => Promise.resolve(false);
  override settle = () => Promise.resolve();
  override refused = () => undefined;
}

@Global()
@Module({ providers: [{ provide: JobContexts, useClass: BareContexts }], exports: [JobContexts] })
class BareContextsModule {}

/** The queues as every process has them, on a Redis and nothing else; with a witness, also what takes jobs out. */
export async function openQueues(redisUrl: string, witness?: Witness): Promise<INestApplicationContext> {
  const environment = { NODE_ENV: 'test', REDIS_URL: redisUrl, LOG_LEVEL: 'silent' };
  const imports = [
    ConfigModule.forRoot([runtimeConfig, loggingConfig], environment),
    LoggingModule,
    HealthModule,
    RedisModule,
    QueueModule,
    ...(witness ? [BareContextsModule, JobRunnerModule] : []),
  ];
  const providers = witness ? JOBS.map((job) => standIn(job, witness)) : [];
  const module: DynamicModule = { module: class QueueApp {}, imports, providers };
  const app = await NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  await hasRedis(app);
  return app;
}

/** Resolves when its connections work, or work again. */
export async function hasRedis(app: INestApplicationContext): Promise<void> {
  const { commands } = app.get(RedisConnections);
  const answers = (command: () => Promise<unknown>) =>
    waitFor('Redis to answer', 30_000, () =>
      command().then(
        () => true,
        () => false,
      ),
    );
  await answers(() => commands.ping());
  await answers(() => app.get(Queues).queue('references').getJobCounts('waiting'));
}

/** Does a tenant's errand, or nothing at all for the installation. */
function standIn(job: Job, witness: Witness): Type {
  @Handles(job)
  class StandIn {
    constructor(private readonly redis: RedisConnections) {}

    async handle(ctx?: RequestContext): Promise<void> {
      if (!ctx) return;
      const errand = errandOf(ctx.requestId);
      await witness.began(errand, ctx.tenantId);
      if (errand.ms > 0) await sleep(errand.ms);
      if (errand.failures > 0 && (await this.attempts(errand)) <= errand.failures) throw new Error('as it was told');
      await witness.ended(errand, ctx.tenantId);
    }

    private attempts({ name }: Errand): Promise<number> {
      return this.redis.commands.hincrby('test:attempts', name, 1);
    }
  }
  Reflect.defineMetadata('design:paramtypes', [RedisConnections], StandIn);
  return StandIn;
}
