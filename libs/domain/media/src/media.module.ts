import { Module, type OnModuleInit } from '@nestjs/common';
import { ReferenceHolders } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { FileReferences } from './files/file-references';
import { FileViewers } from './files/file-viewers';
import { MediaUsage } from './limits/media-usage';
import { MediaPolicies } from './limits/policies';
import { files, MEDIA_COLLECTIONS } from './persistence';
import { UploadsService } from './uploads/uploads.service';

/** What every process knows of media: the collections, and where they keep names of users. */
@Module({
  imports: [TenancyModule.forFeature(MEDIA_COLLECTIONS)],
  providers: [FileViewers, FileReferences, MediaPolicies, MediaUsage, UploadsService],
  exports: [FileViewers, FileReferences, MediaPolicies, MediaUsage, UploadsService],
})
export class MediaModule implements OnModuleInit {
  constructor(private readonly holders: ReferenceHolders) {}

  onModuleInit(): void {
    this.holders.register(files, [{ path: 'owner' }]);
  }
}
