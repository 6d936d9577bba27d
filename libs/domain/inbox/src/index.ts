export { ConversationFeed } from './feed/conversation-feed';
export { FeedModule, InboxApiModule } from './inbox.module';
