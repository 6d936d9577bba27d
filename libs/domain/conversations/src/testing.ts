export { CONVERSATION_COLLECTIONS } from './store/collections';
