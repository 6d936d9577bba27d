import { Module } from '@nestjs/common';
import { MediaModule } from '#caas/domain/media';
import { ClockModule } from '#caas/platform/clock';
import { ExpireStoriesProcessor } from './expire-stories.processor';
import { PostsModule } from './posts.module';
import { PostsPurger } from './posts-purger';

/** What workers do for posts. */
@Module({
  imports: [ClockModule, MediaModule, PostsModule],
  providers: [PostsPurger, ExpireStoriesProcessor],
})
export class PostsJobsModule {}
