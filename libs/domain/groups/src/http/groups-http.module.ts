import { Module } from '@nestjs/common';
import { GroupAccess } from '../group-access';
import { GroupInvitesService } from '../group-invites.service';
import { GroupMembersService } from '../group-members.service';
import { GroupsModule } from '../groups.module';
import { GroupsService } from '../groups.service';
import { GroupMembersController } from './group-members.controller';
import { GroupsController } from './groups.controller';

/** Groups over REST. Needs `GroupConversations` (messaging) from somewhere, globally. */
@Module({
  imports: [GroupsModule],
  providers: [GroupAccess, GroupsService, GroupMembersService, GroupInvitesService],
  exports: [GroupMembersService],
  controllers: [GroupsController, GroupMembersController],
})
export class GroupsHttpModule {}
