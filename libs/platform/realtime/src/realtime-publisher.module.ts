import { Global, Injectable, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Server } from 'socket.io';
import { RedisConnections } from '#caas/platform/redis';
import { betweenProcesses } from './between-processes';
import { LiveTraffic } from './live-traffic';
import { Realtime } from './realtime';
import { RealtimeMetrics } from './realtime-metrics';

/** A socket.io that no client can reach: it only tells the processes that have clients. */
@Injectable()
class ClientlessServer implements OnModuleInit, OnApplicationShutdown {
  private server: Server | null = null;

  constructor(
    private readonly redis: RedisConnections,
    private readonly realtime: Realtime,
  ) {}

  onModuleInit(): void {
    this.server = new Server({ serveClient: false, adapter: betweenProcesses(this.redis) });
    this.realtime.attach(this.server);
  }

  /** Not `server.close()`, which closes an engine for clients that is not there. */
  async onApplicationShutdown(): Promise<void> {
    await this.server?.sockets.adapter.close();
  }
}

/** `Realtime` for processes without clients. Needs `ConversationFeed` (messaging) from somewhere, globally. */
@Global()
@Module({ providers: [Realtime, RealtimeMetrics, ClientlessServer, LiveTraffic], exports: [Realtime, LiveTraffic] })
export class RealtimePublisherModule {}
