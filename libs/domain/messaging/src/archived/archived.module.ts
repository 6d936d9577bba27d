import { Global, Module } from '@nestjs/common';
import { MediaModule } from '#caas/domain/media';
import { ConversationFolds } from '../folding/conversation-folds';
import { DirtyConversations } from '../folding/dirty-conversations';
import { ThreadRoots } from '../threads/thread-roots';
import { ArchiveNumbers } from './archive-numbers';
import { ArchivedMarks } from './archived-marks';
import { ArchivedPresenter } from './archived-presenter';
import { ErasedMessages } from './erased-messages';
import { HotMessages } from './hot-messages';
import { KeptContents } from './kept-contents';
import { MessageReader } from './message-reader';

const ARCHIVED = [
  ArchiveNumbers,
  ArchivedMarks,
  ArchivedPresenter,
  ConversationFolds,
  DirtyConversations,
  ErasedMessages,
  HotMessages,
  KeptContents,
  MessageReader,
  ThreadRoots,
];

/** Reading what may be in cold storage: one of each in a process, since they remember. The app binds `ColdMessages`. */
@Global()
@Module({ imports: [MediaModule], providers: ARCHIVED, exports: ARCHIVED })
export class ArchivedModule {}
