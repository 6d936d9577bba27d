import { Global, Module } from '@nestjs/common';
import { ArchiveNumbers } from './archive-numbers';
import { ArchivedMarks } from './archived-marks';
import { ArchivedPresenter } from './archived-presenter';
import { HotMessages } from './hot-messages';
import { MessageReader } from './message-reader';

const ARCHIVED = [ArchiveNumbers, ArchivedMarks, ArchivedPresenter, HotMessages, MessageReader];

/** Reading what may be in cold storage: one of each in a process, since they remember. The app binds `ColdMessages`. */
@Global()
@Module({ providers: ARCHIVED, exports: ARCHIVED })
export class ArchivedModule {}
