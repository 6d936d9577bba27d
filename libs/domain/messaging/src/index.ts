export { MessagingApiModule } from './messaging-api.module';
export { MessagingJobsModule } from './messaging-jobs.module';
export { MessagingModule } from './messaging.module';
export { ConversationsVerifier, type Verification } from './verify/conversations-verifier';
export { presenceConfig } from './presence/presence.config';
export {
  ColdMessages,
  ColdMoved,
  type ArchivedMessage,
  type ColdConversation,
  type GoneSeqs,
  type MentionedSpan,
  type SeqSpan,
  type SeqWindow,
} from './archived/cold-messages';
export { KeptContents } from './archived/kept-contents';
export { LegalHolds } from './archived/legal-holds';
export { archivedConfig } from './archived/archived.config';
export { HotMessages } from './archived/hot-messages';
export type {
  ArchivableConversation,
  FrozenMessage,
  FrozenSpan,
  HotMessage,
  Remains,
} from './archived/frozen-messages';
export { ConversationFolds } from './folding/conversation-folds';
export { ErasedMessages, type ErasedMessage } from './archived/erased-messages';
export { withoutUser } from './archived/erasing';
export { MessageReader } from './archived/message-reader';
export { MESSAGING_COLLECTIONS } from './persistence';
export { conversations } from './persistence/conversation.schema';
export { messageVersions } from './persistence/message-version.schema';
export { messages, type Message } from './persistence/message.schema';
export { WordMatcher } from './moderation/words';
export { pollVotes } from './persistence/poll-vote.schema';
export { reactions } from './persistence/reaction.schema';
export { ArchiveNumbers } from './archived/archive-numbers';
export { ArchivedPresenter } from './archived/archived-presenter';
export { ArchivedMarks } from './archived/archived-marks';
export { ThreadRoots } from './threads/thread-roots';
export { archivedPartsOf } from './archived/archived-parts';
