import { Module, type OnModuleInit } from '@nestjs/common';
import { ReferenceHolders } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { FileReferences } from './files/file-references';
import { FileViewers } from './files/file-viewers';
import { files, MEDIA_COLLECTIONS, postReactions, posts, postViews } from './persistence';

/** What every process knows of media: the collections, and where they keep names of users. */
@Module({
  imports: [TenancyModule.forFeature(MEDIA_COLLECTIONS)],
  providers: [FileViewers, FileReferences],
  exports: [FileViewers, FileReferences],
})
export class MediaModule implements OnModuleInit {
  constructor(private readonly holders: ReferenceHolders) {}

  onModuleInit(): void {
    this.holders.register(files, [{ path: 'owner' }]);
    this.holders.register(posts, [{ path: 'author' }]);
    this.holders.register(postReactions, [{ path: 'user' }]);
    this.holders.register(postViews, [{ path: 'user' }]);
  }
}
