import { Module } from '@nestjs/common';
import { MediaModule } from '../media.module';
import { ExpireStoriesProcessor } from './expire-stories.processor';
import { PostsPurger } from './posts-purger';

/** What workers do for posts. */
@Module({
  imports: [MediaModule],
  providers: [PostsPurger, ExpireStoriesProcessor],
})
export class PostsJobsModule {}
