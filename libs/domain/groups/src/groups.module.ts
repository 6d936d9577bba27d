import { Module, type OnModuleInit } from '@nestjs/common';
import { ReferenceHolders } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { NamedUsers } from './named-users';
import { groupBans } from './persistence/group-ban.schema';
import { groupInvites } from './persistence/group-invite.schema';
import { groups } from './persistence/group.schema';
import { members } from './persistence/member.schema';

const GROUP_COLLECTIONS = [members, groups, groupBans, groupInvites];

/** What every process knows of groups: their collections, and where they keep names of users. */
@Module({ imports: [TenancyModule.forFeature(GROUP_COLLECTIONS)], providers: [NamedUsers], exports: [NamedUsers] })
export class GroupsModule implements OnModuleInit {
  constructor(private readonly holders: ReferenceHolders) {}

  onModuleInit(): void {
    this.holders.register(members, [{ path: 'user' }]);
    this.holders.register(groups, [{ path: 'created_by' }]);
    this.holders.register(groupBans, [{ path: 'user' }]);
    this.holders.register(groupInvites, [{ path: 'created_by' }]);
  }
}
