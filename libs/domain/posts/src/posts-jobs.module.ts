import { Module } from '@nestjs/common';
import { MediaModule } from '#caas/domain/media';
import { ExpireStoriesProcessor } from './expire-stories.processor';
import { PostsModule } from './posts.module';
import { PostsPurger } from './posts-purger';

/** What workers do for posts. */
@Module({
  imports: [MediaModule, PostsModule],
  providers: [PostsPurger, ExpireStoriesProcessor],
})
export class PostsJobsModule {}
