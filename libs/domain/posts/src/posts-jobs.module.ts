import { Module } from '@nestjs/common';
import { MediaModule } from '#caas/domain/media';
import { ClockModule } from '#caas/platform/clock';
import { TenancyModule } from '#caas/tenancy';
import { ExpireStoriesProcessor } from './expire-stories.processor';
import { PostsModule } from './posts.module';
import { PostsPurger } from './posts-purger';

/** What workers do for posts. */
@Module({
  imports: [ClockModule, MediaModule, PostsModule, TenancyModule],
  providers: [PostsPurger, ExpireStoriesProcessor],
})
export class PostsJobsModule {}
