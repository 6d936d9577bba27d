import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Injectable, Module, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigurationError, InjectConfig, type ConfigOf } from '#caas/platform/config';
import { Log } from '#caas/platform/logging';
import { Metrics, MetricsModule } from '#caas/platform/metrics';
import { HealthChecks } from './health-checks';
import { HealthModule } from './health.module';
import { monitoringConfig } from './monitoring.config';

/**
 * `/health/live`, `/health/ready` and `/metrics` on a port of their own, for an api and a worker alike: monitoring need not use
 * the clients' port, and shows no credential. It is plain Node, so it also answers when the application around it is in trouble.
 */
@Injectable()
export class MonitoringServer implements OnApplicationBootstrap, OnApplicationShutdown {
  private server: Server | null = null;

  constructor(
    private readonly health: HealthChecks,
    private readonly metrics: Metrics,
    private readonly log: Log,
    @InjectConfig(monitoringConfig) private readonly config: ConfigOf<typeof monitoringConfig>,
  ) {}

  /** @throws ConfigurationError when the port is taken */
  async onApplicationBootstrap(): Promise<void> {
    const { METRICS_PORT, METRICS_HOST } = this.config;
    if (METRICS_PORT === null) return;
    const server = createServer((request, response) => void this.answer(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: Error) => {
        reject(
          new ConfigurationError([`METRICS_PORT ${METRICS_PORT} of ${METRICS_HOST} cannot be used: ${error.message}`]),
        );
      });
      server.listen(METRICS_PORT, METRICS_HOST, resolve);
    });
    this.server = server;
    const { port } = server.address() as { port: number };
    this.log.root.info({ port, host: METRICS_HOST }, 'health and metrics are served');
  }

  onApplicationShutdown(): void {
    this.server?.close();
    this.server?.closeAllConnections();
  }

  private async answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = url?.split('?', 1)[0];
    try {
      if (method !== 'GET' && method !== 'HEAD') return this.send(response, 405, 'text/plain', 'GET only\n');
      if (path === '/health/live') return this.send(response, 200, 'application/json', '{"status":"ok"}');
      if (path === '/health/ready') {
        const { ready, checks } = await this.health.run();
        const body = { status: ready ? 'ok' : 'unavailable', checks };
        return this.send(response, ready ? 200 : 503, 'application/json', JSON.stringify(body));
      }
      if (path === '/metrics') {
        const { registry } = this.metrics;
        return this.send(response, 200, registry.contentType, await registry.metrics());
      }
      this.send(response, 404, 'text/plain', 'There is /health/live, /health/ready and /metrics.\n');
    } catch (error) {
      this.log.root.error({ err: error, path }, 'the monitoring port failed');
      this.send(response, 500, 'text/plain', 'failed; see the log\n');
    }
  }

  private send(response: ServerResponse, status: number, type: string, body: string): void {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(body);
  }
}

@Module({ imports: [HealthModule, MetricsModule], providers: [MonitoringServer] })
export class MonitoringModule {}
