import { Module, type OnModuleInit } from '@nestjs/common';
import { Realtime, RealtimePublisherModule } from '#caas/platform/realtime';
import { UserEvents } from '../user-events';
import { UsersModule } from '../users.module';
import { viewOfUser } from '../views';

/** Sends changes of a user's own profile to all their sockets, so that all their devices show the same name. */
@Module({ imports: [RealtimePublisherModule, UsersModule] })
export class UsersSocketModule implements OnModuleInit {
  constructor(
    private readonly changes: UserEvents,
    private readonly realtime: Realtime,
  ) {}

  onModuleInit(): void {
    this.changes.on((ctx, user) => {
      this.realtime.publish(
        ctx,
        { userId: user._id.toHexString() },
        { type: 'user.updated', data: { ...viewOfUser(user) } },
      );
    });
  }
}
