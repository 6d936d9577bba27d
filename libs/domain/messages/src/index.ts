export { ArchivableMessages } from './archiving/archivable-messages';
export { type ErasedMessage, ErasedMessages } from './archiving/erased-messages';
export { withoutUser } from './archiving/erasing';
export type {
  ArchivableConversation,
  FrozenMessage,
  FrozenSpan,
  HotMessage,
  RetainedState,
} from './archiving/frozen-messages';
export { KeptContents } from './archiving/kept-contents';
export { MessageAttachments } from './attachments/message-attachments';
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
export { EditMessageDto } from './editing/message-actions.dto';
export { MessageDeletionsService } from './editing/message-deletions.service';
export { namedRowsOf, rowsAmong, TYPES_WITH_ROWS } from './kinds/archived-rows';
export { UnreadMentionsCounter } from './mentions/unread-mentions-counter';
export { fileIdsOf } from './message/content';
export { MessageAccess } from './message/message-access';
export { MessagePolicy } from './message/message-policy';
export { requirePresent } from './message/message-rights';
export { MessageViews } from './message/message-views';
export { StoredMessagesReader } from './message/stored-messages-reader';
export { viewOfMessage } from './message/views';
export { MessagesApiModule } from './messages-api.module';
export { MessagesJobsModule } from './messages-jobs.module';
export { MessagesModule } from './messages.module';
export { SendingModule } from './sending.module';
export { MessageBatcher } from './sending/message-batcher';
export { sendIdentityOf } from './sending/message-sender';
export { SendMessageDto } from './sending/messages.dto';
export { type MessageBody, MessagesService, type NewMessage } from './sending/messages.service';
export { type Message, messages, shownRevOf } from './store/message.schema';
export { ConversationCountsVerifier } from './verification/conversation-counts-verifier';
