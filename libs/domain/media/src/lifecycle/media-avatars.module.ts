import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { Avatars } from '#caas/domain/users';
import { FileViewers } from '../files/file-viewers';
import { FileAvatars } from './file-avatars';
import { MediaModule } from '../media.module';

/** Answers the port of users: for processes that change users. Global, because users are below media. */
@Global()
@Module({
  imports: [MediaModule],
  providers: [FileAvatars, { provide: Avatars, useExisting: FileAvatars }],
  exports: [Avatars],
})
export class MediaAvatarsModule implements OnModuleInit {
  constructor(private readonly viewers: FileViewers) {}

  /** As profiles are public within the tenant, so are avatars. */
  onModuleInit(): void {
    this.viewers.register('avatar', () => Promise.resolve(true));
  }
}
