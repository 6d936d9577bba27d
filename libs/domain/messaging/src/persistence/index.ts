import { moderationCases } from '../moderation/moderation-case.schema';
import { moderationReports } from '../moderation/moderation-report.schema';
import { presence } from '../presence/presence.schema';
import { typingIndicators } from '../typing/typing-indicator.schema';
import { archivedMarks } from './archived-mark.schema';
import { archivedSends } from './archived-send.schema';
import { conversations } from './conversation.schema';
import { messageVersions } from './message-version.schema';
import { messages } from './message.schema';
import { pollVotes } from './poll-vote.schema';
import { reactions } from './reaction.schema';
import { scheduledMessages } from './scheduled-message.schema';
import { searchCursors, searchEntries } from './search-entry.schema';

/** Every collection this domain owns. */
export const MESSAGING_COLLECTIONS = [
  conversations,
  messages,
  messageVersions,
  reactions,
  pollVotes,
  presence,
  typingIndicators,
  searchEntries,
  searchCursors,
  scheduledMessages,
  archivedMarks,
  archivedSends,
  moderationCases,
  moderationReports,
];
