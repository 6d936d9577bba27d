export { BlockVisibility } from './access/block-visibility';
export { ConversationAccess } from './access/conversation-access';
export { type ArchiveNumber, ArchiveVersionCache } from './archive-state/archive-version-cache';
export { archivedConfig } from './archive-state/archived.config';
export { type ChangeScope, ConversationChanges, Unchanged } from './changes/conversation-changes';
export { ConversationChangesModule } from './conversation-changes.module';
export { ConversationCreator } from './conversation/conversation-creator';
export { ConversationSettingsService } from './conversation/conversation-settings.service';
export { ConversationViews } from './conversation/conversation-views';
export { groupsSettings, requireRoom } from './conversation/groups.settings';
export { UnreadMentions } from './conversation/unread-mentions';
export { viewOfConversationFor, viewOfMember, viewOfPreferences } from './conversation/views';
export { ConversationsApiModule } from './conversations-api.module';
export { ConversationsJobsModule } from './conversations-jobs.module';
export { ConversationsModule } from './conversations.module';
export { ConversationFolds } from './folding/conversation-folds';
export { DirtyConversations } from './folding/dirty-conversations';
export { FOLDED_ROW_FIELDS } from './folding/fold';
export { type FoldedMessage, StoredMessages } from './folding/stored-messages';
export type { MembershipGuard, MembershipScope } from './members/membership-guard';
export { Memberships, effectiveRoleOf } from './members/memberships';
export { OwningGroups } from './members/owning-groups';
export { ConversationPeerDirectory } from './members/peer-directory';
export { type Receipt, receiptOf } from './receipts/receipts.service';
export { conversationKey } from './store/conversation-key';
export { type Conversation, type History, type LastMessage, conversations } from './store/conversation.schema';
export { type ConversationMembership, readableAmong } from './store/conversation-memberships';
export { type Member, members } from './store/member.schema';
export { ownConversationIds } from './store/own-conversations';
export {
  type EffectiveRole,
  ROLES,
  type Role,
  isAdmin,
  isModerator,
  isOwner,
  mayGrant,
  mayRemove,
} from './store/roles';
export { cameAfter, visibleFrom } from './store/visibility';
export { unreadCountOf, watermarksOf } from './store/watermarks';
