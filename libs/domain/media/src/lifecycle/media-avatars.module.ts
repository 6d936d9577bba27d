import { Module } from '@nestjs/common';
import { MediaModule } from '../media.module';
import { FileAvatars } from './file-avatars';

/** Implements the port `Avatars` of users, for processes that change users. */
@Module({ imports: [MediaModule], providers: [FileAvatars], exports: [FileAvatars] })
export class MediaAvatarsModule {}
