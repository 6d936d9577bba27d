export { ModeratedMessages } from './cases/moderated-messages';
export { ModerationApiModule, ModerationModule } from './moderation.module';
export { ModeratedTexts } from './texts/moderated-texts';
export { WordMatcher } from './texts/words';
