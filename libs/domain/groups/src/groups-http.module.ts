import { Module } from '@nestjs/common';
import { ConversationsApiModule } from '#caas/domain/conversations';
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
  imports: [ClockModule, ConversationsApiModule, GroupsModule],
  providers: [GroupAccess, GroupConversations, GroupsService, GroupMembersService, GroupInvitesService],
  exports: [GroupMembersService],
  controllers: [GroupsController, GroupMembersController],
})
export class GroupsHttpModule {}
