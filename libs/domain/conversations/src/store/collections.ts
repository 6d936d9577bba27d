import { conversations } from './conversation.schema';
import { members } from './member.schema';

/** Every collection that conversations own. */
export const CONVERSATION_COLLECTIONS = [conversations, members];
