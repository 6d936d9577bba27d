import { Injectable } from '@nestjs/common';
import type { TenantId, UserReference } from '#caas/kernel';

/** One open connection of a user to this process. */
export interface OpenSocket {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly user: UserReference;
}

/** An observer of users' connections. Neither method may throw or take long. */
export interface SocketObserver {
  /** The socket has joined its rooms and receives events. */
  connected?(socket: OpenSocket): void;
  /** Called exactly once for each socket that was connected. */
  disconnected(socket: OpenSocket): void;
}

/** The registry where domains add observers for the sockets of this process. */
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
