export { ArchivableMessages } from './archiving/archivable-messages';
export { type ErasedMessage, ErasedMessages } from './archiving/erased-messages';
export { withoutUser } from './archiving/erasing';
export type {
  ArchivableConversation,
  FrozenMessage,
  FrozenSpan,
  HotMessage,
  Remains,
} from './archiving/frozen-messages';
export { KeptContents } from './archiving/kept-contents';
export { MessageAttachments } from './attachments/message-attachments';
export { ArchivedMessageMapper } from './cold-reads/archived-message-mapper';
export { ArchivedMessageState } from './cold-reads/archived-message-state';
export { LegalHolds } from './cold-reads/legal-holds';
export {
  ArchiveChangedError,
  type ArchivedMessage,
  type ColdConversation,
  type GoneSeqs,
  type MentionedSpan,
  MessageArchive,
  type SeqSpan,
  type SeqWindow,
} from './cold-reads/message-archive';
export { MessageReader } from './cold-reads/message-reader';
export { TenantArchives } from './cold-reads/tenant-archives';
export { EditMessageDto } from './editing/message-actions.dto';
export { MessageDeletionsService } from './editing/message-deletions.service';
export { CountedMentions } from './mentions/counted-mentions';
export { fileIdsOf } from './message/content';
export { MessageAccess } from './message/message-access';
export { type JudgedContent, MessagePolicy } from './message/message-policy';
export { requirePresent } from './message/message-rights';
export { MessageViews } from './message/message-views';
export { MessagesToFold } from './message/messages-to-fold';
export { viewOfMessage } from './message/views';
export { MessagesApiModule } from './messages-api.module';
export { MessagesJobsModule } from './messages-jobs.module';
export { MessagesModule } from './messages.module';
export { SendingModule } from './sending.module';
export { MessageBatcher } from './sending/message-batcher';
export { sendKeyOf } from './sending/message-sender';
export { SendMessageDto } from './sending/messages.dto';
export { type MessageBody, MessagesService, type NewMessage } from './sending/messages.service';
export { MESSAGE_COLLECTIONS } from './store/collections';
export { messageVersions } from './store/message-version.schema';
export { type Message, messages, shownRevOf } from './store/message.schema';
export { pollVotes } from './store/poll-vote.schema';
export { reactions } from './store/reaction.schema';
export { ThreadRoots } from './threads/thread-roots';
export { ConversationsVerifier } from './verification/conversations-verifier';
