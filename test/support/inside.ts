import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { parseTenantId, type Actor, type RequestContext } from '#caas/kernel';
import { RequestContexts } from '#caas/tenancy';
import { AppModule } from '../../apps/cli/src/app.module';

/** The services of every domain on the engines of the test run, as the command line has them: for what no transport offers. */
export class Inside {
  private constructor(
    private readonly app: INestApplicationContext,
    private readonly dataDir: string,
  ) {}

  /** @param given `DATA_DIR` of a system, where its objects are to be seen as well */
  static async open(given: Record<string, string> = {}): Promise<Inside> {
    const dataDir = await mkdtemp(join(tmpdir(), 'caas-inside-'));
    const own = { NODE_ENV: 'test', DATA_DIR: dataDir, LOG_LEVEL: 'silent' };
    const app = await NestFactory.createApplicationContext(AppModule.with({ ...process.env, ...own, ...given }), {
      logger: false,
      abortOnError: false,
    });
    return new Inside(app, dataDir);
  }

  /* eslint-disable-next-line @typescript-eslint/no-explicit-any -- as Nest's own `get` */
  get<T>(type: abstract new (...parameters: any[]) => T): T {
    return this.app.get<T>(type);
  }

  context(tenantId: string, actor: Actor = { kind: 'system', name: 'test' }): Promise<RequestContext> {
    return this.get(RequestContexts).openFor(parseTenantId(tenantId), actor, 'req_test');
  }

  async close(): Promise<void> {
    await this.app.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
