export { ArchivedMessageMapper } from './cold-reads/archived-message-mapper';
export { ArchivedMessageState } from './cold-reads/archived-message-state';
export { TenantArchives } from './cold-reads/tenant-archives';
export { MESSAGE_COLLECTIONS } from './store/collections';
export { messageVersions } from './store/message-version.schema';
export { pollVotes } from './store/poll-vote.schema';
export { reactions } from './store/reaction.schema';
export { ThreadRoots } from './threads/thread-roots';
