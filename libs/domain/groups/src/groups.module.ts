import { Module, type OnModuleInit } from '@nestjs/common';
import { SettingsRegistry } from '#caas/domain/settings';
import { ReferenceHolders } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { groupsSettings } from './groups.settings';
import { NamedUsers } from './named-users';
import { groupBans } from './persistence/group-ban.schema';
import { groupInvites } from './persistence/group-invite.schema';
import { groups } from './persistence/group.schema';
import { members } from './persistence/member.schema';

const GROUP_COLLECTIONS = [members, groups, groupBans, groupInvites];

/** What every process knows of groups: their collections, and where they keep names of users, and what tenants can set. */
@Module({ imports: [TenancyModule.forFeature(GROUP_COLLECTIONS)], providers: [NamedUsers], exports: [NamedUsers] })
export class GroupsModule implements OnModuleInit {
  constructor(
    private readonly holders: ReferenceHolders,
    private readonly settings: SettingsRegistry,
  ) {}

  onModuleInit(): void {
    this.settings.register(groupsSettings);
    this.holders.register(members, [{ path: 'user' }]);
    this.holders.register(groups, [{ path: 'created_by' }]);
    this.holders.register(groupBans, [{ path: 'user' }]);
    this.holders.register(groupInvites, [{ path: 'created_by' }]);
  }
}
