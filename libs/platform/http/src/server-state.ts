import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Whether the process still takes requests. */
@Injectable()
export class ServerState implements OnModuleDestroy {
  /** The process ends: what has begun is finished, new requests on open connections are a 503. */
  draining = false;

  onModuleDestroy(): void {
    this.draining = true;
  }
}
