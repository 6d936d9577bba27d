import { Module, type OnModuleInit } from '@nestjs/common';
import { AccessModule } from '#caas/access';
import { UsageMeters, UsageModule, UserCounter } from '#caas/domain/usage';
import { CacheModule } from '#caas/platform/cache';
import { ClockModule } from '#caas/platform/clock';
import { OutboxModule, TenancyModule } from '#caas/tenancy';
import { Blocks } from './blocks';
import { DeviceRemovals } from './device-removals';
import { DevicesService } from './devices.service';
import { CachedSessionDirectory } from './directories/sessions.directory';
import { CachedUserDirectory } from './directories/users.directory';
import { USER_COLLECTIONS } from './persistence';
import { RelationshipRepository } from './persistence/relationship.repository';
import { userDevices } from './persistence/user-device.schema';
import { userRelationships } from './persistence/user-relationship.schema';
import { userSessions } from './persistence/user-session.schema';
import { UserRepository } from './persistence/user.repository';
import { DisplayNameRegistry } from './references/display-name-registry';
import { ReferencesService } from './references/references.service';
import { RelationshipsService } from './relationships.service';
import { SessionsService } from './sessions.service';
import { TokensService } from './tokens.service';
import { UserEvents } from './user-events';
import { userMeter } from './user-meter';
import { UsersService } from './users.service';

/** The users domain without a transport. Implements ports of access; the app binds them. */
@Module({
  imports: [
    AccessModule,
    CacheModule,
    ClockModule,
    OutboxModule,
    UsageModule,
    TenancyModule.forFeature(USER_COLLECTIONS),
  ],
  providers: [
    UserRepository,
    RelationshipRepository,
    DisplayNameRegistry,
    ReferencesService,
    UserEvents,
    UsersService,
    TokensService,
    SessionsService,
    DeviceRemovals,
    DevicesService,
    Blocks,
    RelationshipsService,
    CachedUserDirectory,
    CachedSessionDirectory,
  ],
  exports: [
    UserEvents,
    CachedUserDirectory,
    CachedSessionDirectory,
    DisplayNameRegistry,
    ReferencesService,
    UsersService,
    TokensService,
    SessionsService,
    DeviceRemovals,
    DevicesService,
    Blocks,
    RelationshipsService,
  ],
})
export class UsersModule implements OnModuleInit {
  constructor(
    private readonly holders: DisplayNameRegistry,
    private readonly meters: UsageMeters,
    private readonly counter: UserCounter,
  ) {}

  onModuleInit(): void {
    this.meters.register(userMeter(this.counter));
    this.holders.register(userDevices, [{ path: 'user' }]);
    this.holders.register(userSessions, [{ path: 'user' }]);
    this.holders.register(userRelationships, [{ path: 'user' }, { path: 'target' }]);
  }
}
