import { Global, Module } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { APP_GUARD } from '@nestjs/core';
import { unauthenticated } from '#caas/kernel';
import { ConfigModule, runtimeConfig } from '#caas/platform/config';
import { createHttpApplication, httpConfig, HttpModule } from '#caas/platform/http';
import { loggingConfig, LoggingModule } from '#caas/platform/logging';
import { HealthHttpModule, MetricsAccess } from './health.module';
import { HealthChecks } from './health-checks';

const KEY = { authorization: 'Bearer key' };
const requireKey = ({ headers }: FastifyRequest): Promise<unknown> =>
  headers.authorization === KEY.authorization
    ? Promise.resolve()
    : Promise.reject(unauthenticated('platform_key_required', 'This needs the platform key.'));

@Global()
@Module({
  imports: [
    ConfigModule.forRoot([runtimeConfig, loggingConfig, httpConfig], { LOG_LEVEL: 'silent' }),
    LoggingModule,
    HttpModule,
    HealthHttpModule,
  ],
  providers: [
    // Nobody passes: whoever asks about health shows no credential.
    { provide: APP_GUARD, useValue: { canActivate: () => false } },
    { provide: MetricsAccess, useValue: { require: requireKey } },
  ],
  exports: [MetricsAccess],
})
class TestModule {}

describe('health', () => {
  let app: NestFastifyApplication;
  let url: string;
  let isUp = true;
  let runs = 0;

  beforeAll(async () => {
    app = await createHttpApplication(TestModule);
    const checks = app.get(HealthChecks);
    checks.add('database', () => {
      runs++;
      return isUp ? Promise.resolve() : Promise.reject(new Error('mongodb://user:hush@host is away'));
    });
    checks.add('queue', () => Promise.resolve());
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
  });
  afterAll(() => app.close());

  const ready = async () => {
    const answer = await fetch(`${url}/health/ready`);
    return { status: answer.status, type: answer.headers.get('content-type'), body: (await answer.json()) as object };
  };

  it('lives', async () => {
    const answer = await fetch(`${url}/health/live`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('is ready when every part is', async () => {
    expect(await ready()).toMatchObject({
      status: 200,
      body: { status: 'ok', checks: { database: 'ok', queue: 'ok' } },
    });
  });

  it('names what is down, and not why', async () => {
    isUp = false;
    const answer = await ready();
    isUp = true;
    expect(answer).toMatchObject({
      status: 503,
      type: expect.stringContaining('application/problem+json') as string,
      body: { code: 'unavailable', detail: 'Not reachable: database.', checks: { database: 'down', queue: 'ok' } },
    });
    expect(JSON.stringify(answer)).not.toContain('hush');
    expect((await ready()).status).toBe(200);
  });

  it('runs the checks once for many who ask at once', async () => {
    const before = runs;
    await Promise.all(Array.from({ length: 10 }, () => app.get(HealthChecks).run()));
    expect(runs).toBe(before + 1);
  });

  it('does not wait for a part that does not answer', async () => {
    const checks = app.get(HealthChecks);
    checks.add('stuck', () => new Promise(() => undefined));
    const from = Date.now();
    expect((await ready()).body).toMatchObject({ checks: { stuck: 'down', database: 'ok' } });
    expect(Date.now() - from).toBeLessThan(3000);
    expect(() => checks.add('stuck', () => Promise.resolve())).toThrow(/named "stuck"/);
  });

  it('shows metrics by route pattern, and no ids', async () => {
    await fetch(`${url}/nothing/secret-id`);
    const refused = await fetch(`${url}/metrics`);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const answer = await fetch(`${url}/metrics`, { headers: KEY });
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    const text = await answer.text();
    expect(text).toContain('caas_http_request_duration_seconds_count{method="GET",route="/health/live",status="200"}');
    expect(text).toContain('route="unknown",status="404"');
    expect(text).toContain('process_cpu_seconds_total');
    expect(text).not.toContain('secret-id');
  });
});
