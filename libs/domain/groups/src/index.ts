export {
  GroupConversations,
  type MembershipGuard,
  type MembershipScope,
  type NewGroupConversation,
} from './group-conversations';
export { GroupsModule } from './groups.module';
export { endGroup, requireNotBanned } from './kept-out';
export { NamedUsers } from './named-users';
export { members, newMember, type Member } from './persistence/member.schema';
export { isAdmin, isModerator, isOwner, mayRemove, type Role, type Standing } from './roles';
