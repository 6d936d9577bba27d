import { Injectable } from '@nestjs/common';
import type { TenantId, UserReference } from '#caas/kernel';

/** One open connection of a user to this process. */
export interface OpenSocket {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly user: UserReference;
}

/** Who wants to know that users come and go. Neither method may throw or take long. */
export interface SocketObserver {
  /** The socket is in its rooms and hears events. */
  connected?(socket: OpenSocket): void;
  /** Exactly once for each socket that was connected. */
  disconnected(socket: OpenSocket): void;
}

/** Where domains say that they want to know of the sockets of this process. */
@Injectable()
export class SocketObservers {
  private readonly observers: SocketObserver[] = [];

  add(observer: SocketObserver): void {
    this.observers.push(observer);
  }

  connected(socket: OpenSocket): void {
    for (const observer of this.observers) observer.connected?.(socket);
  }

  disconnected(socket: OpenSocket): void {
    for (const observer of this.observers) observer.disconnected(socket);
  }
}
