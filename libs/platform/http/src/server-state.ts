import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** Whether the process still accepts requests. */
@Injectable()
export class ServerState implements OnModuleDestroy {
  /** True while the process shuts down: running requests are finished, new requests on open connections get a 503. */
  draining = false;

  onModuleDestroy(): void {
    this.draining = true;
  }
}
