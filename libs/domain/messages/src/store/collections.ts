import { archivedMarks } from './archived-mark.schema';
import { archivedSends } from './archived-send.schema';
import { messageVersions } from './message-version.schema';
import { messages } from './message.schema';
import { pollVotes } from './poll-vote.schema';
import { reactions } from './reaction.schema';
import { searchCursors, searchEntries } from './search-entry.schema';

/** Every collection that messages own. */
export const MESSAGE_COLLECTIONS = [
  messages,
  messageVersions,
  reactions,
  pollVotes,
  searchEntries,
  searchCursors,
  archivedMarks,
  archivedSends,
];
