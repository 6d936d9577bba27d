import multipart from '@fastify/multipart';
import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { AccessApiModule } from '#caas/access';
import { UsersModule } from '#caas/domain/users';
import { RedisModule } from '#caas/platform/redis';
import { StorageModule } from '#caas/platform/storage';
import { TenancyModule } from '#caas/tenancy';
import { FileAccess } from '../files/file-access';
import { FilesService } from '../files/files.service';
import { MediaModule } from '../media.module';
import { FileLinks } from '../serving/file-links';
import { MultipartUploads } from '../uploads/multipart-uploads';
import { TusUploads } from '../uploads/tus-uploads';
import { UploadLeases } from '../uploads/upload-leases';
import { ContentResponder } from './content-responder';
import { FilesController } from './files.controller';
import { UploadsController } from './uploads.controller';

/** Files over REST. Uploads are registered before `files/:id`, which would otherwise take `uploads` for an id. */
@Module({
  imports: [AccessApiModule, MediaModule, RedisModule, StorageModule, TenancyModule, UsersModule],
  providers: [FileAccess, FilesService, ContentResponder, FileLinks, MultipartUploads, TusUploads, UploadLeases],
  controllers: [UploadsController, FilesController],
})
export class MediaHttpModule implements OnModuleInit {
  constructor(private readonly adapter: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    // Not awaited: awaiting would start the server's plugins before its routes are registered.
    void fastify.register(multipart);
    // Leaves the body unparsed: the upload streams it to storage itself.
    fastify.addContentTypeParser('application/offset+octet-stream', (_request, _body, done) => done(null));
  }
}
