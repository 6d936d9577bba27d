import { Module, type OnModuleInit } from '@nestjs/common';
import { DisplayNameRegistry, UsersModule } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { groupBans } from './group-ban.schema';
import { groupInvites } from './group-invite.schema';
import { groups } from './group.schema';
import { OwningGroupsAdapter } from './owning-groups-adapter';

/** For every process: the collections of groups, and the answers to what conversations ask about groups. */
@Module({
  imports: [UsersModule, TenancyModule.forFeature([groups, groupBans, groupInvites])],
  providers: [OwningGroupsAdapter],
  exports: [OwningGroupsAdapter],
})
export class GroupsModule implements OnModuleInit {
  constructor(private readonly holders: DisplayNameRegistry) {}

  onModuleInit(): void {
    this.holders.register(groups, [{ path: 'created_by' }]);
    this.holders.register(groupBans, [{ path: 'user' }]);
    this.holders.register(groupInvites, [{ path: 'created_by' }]);
  }
}
