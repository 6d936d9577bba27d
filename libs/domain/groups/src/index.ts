export { GroupMembersService } from './group-members.service';
export { GroupsHttpModule } from './groups-http.module';
export { GroupsOfConversations } from './groups-of-conversations';
export { GroupsModule } from './groups.module';
