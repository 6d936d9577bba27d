import { Module } from '@nestjs/common';
import { UsersModule } from '../users.module';
import { DevicesController } from './devices.controller';
import { RelationshipsController } from './relationships.controller';
import { SeenHook } from './seen.hook';
import { SessionsController } from './sessions.controller';
import { UsersController } from './users.controller';

/** Devices, sessions and relationships come before `users/:external_id`, whose paths would take `me` for a user. */
@Module({
  imports: [UsersModule],
  providers: [SeenHook],
  controllers: [DevicesController, SessionsController, RelationshipsController, UsersController],
})
export class UsersHttpModule {}
