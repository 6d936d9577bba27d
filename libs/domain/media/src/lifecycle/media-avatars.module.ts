import { Global, Module } from '@nestjs/common';
import { Avatars } from '#caas/domain/users';
import { FileAvatars } from './file-avatars';
import { MediaModule } from '../media.module';

/** Answers the port of users: for processes that change users. Global, because users are below media. */
@Global()
@Module({
  imports: [MediaModule],
  providers: [FileAvatars, { provide: Avatars, useExisting: FileAvatars }],
  exports: [Avatars],
})
export class MediaAvatarsModule {}
