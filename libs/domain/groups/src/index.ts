export { GroupMembersService } from './group-members.service';
export { GroupsHttpModule } from './groups-http.module';
export { GroupsModule } from './groups.module';
export { OwningGroupsAdapter } from './owning-groups-adapter';
