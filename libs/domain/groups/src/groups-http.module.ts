import { Module } from '@nestjs/common';
import { AccessModule } from '#caas/access';
import { ConversationsApiModule } from '#caas/domain/conversations';
import { SettingsModule } from '#caas/domain/settings';
import { UsersModule } from '#caas/domain/users';
import { ClockModule } from '#caas/platform/clock';
import { GroupAccess } from './group-access';
import { GroupInvitesService } from './group-invites.service';
import { GroupMembersService } from './group-members.service';
import { GroupConversations } from './group-conversations';
import { GroupsModule } from './groups.module';
import { GroupsService } from './groups.service';
import { GroupMembersController } from './group-members.controller';
import { GroupsController } from './groups.controller';

/** Groups over REST. */
@Module({
  imports: [AccessModule, ClockModule, ConversationsApiModule, GroupsModule, SettingsModule, UsersModule],
  providers: [GroupAccess, GroupConversations, GroupsService, GroupMembersService, GroupInvitesService],
  exports: [GroupMembersService],
  controllers: [GroupsController, GroupMembersController],
})
export class GroupsHttpModule {}
