export { GroupConversationsAdapter } from './group-conversations-adapter';
export { GroupMembersService } from './group-members.service';
export { GroupsHttpModule } from './groups-http.module';
export { GroupsModule } from './groups.module';
