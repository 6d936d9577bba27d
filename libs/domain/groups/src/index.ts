export {
  GroupConversations,
  type MembershipGuard,
  type MembershipScope,
  type NewGroupConversation,
} from './group-conversations';
export { GroupMembersService } from './group-members.service';
export { groupsSettings, requireRoom } from './groups.settings';
export { GroupsHttpModule } from './http/groups-http.module';
export { GroupsModule } from './groups.module';
export { endGroup, requireNotBanned } from './kept-out';
export { NamedUsers } from './named-users';
export { members, newMember, type Member } from './persistence/member.schema';
export { isAdmin, isModerator, isOwner, mayRemove, type Role, type Standing } from './roles';
export { viewOfMember } from './views';
