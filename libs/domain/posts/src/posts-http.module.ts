import { Module, type OnModuleInit } from '@nestjs/common';
import { AccessModule } from '#caas/access';
import { FileViewers, MediaModule } from '#caas/domain/media';
import { UsersModule } from '#caas/domain/users';
import { ClockModule } from '#caas/platform/clock';
import { FeedService } from './feed.service';
import { PostAudience } from './post-audience';
import { PostMarksService } from './post-marks.service';
import { PostPages } from './post-pages';
import { FeedReader } from './feed-reader';
import { PostCounters } from './post-counters';
import { PostsModule } from './posts.module';
import { PostsService } from './posts.service';
import { PostMarksController } from './post-marks.controller';
import { PostsController } from './posts.controller';

/** Posts, reels and stories over REST. */
@Module({
  imports: [AccessModule, ClockModule, MediaModule, PostsModule, UsersModule],
  providers: [PostAudience, PostsService, FeedReader, FeedService, PostCounters, PostMarksService, PostPages],
  controllers: [PostsController, PostMarksController],
})
export class PostsHttpModule implements OnModuleInit {
  constructor(
    private readonly viewers: FileViewers,
    private readonly audience: PostAudience,
  ) {}

  onModuleInit(): void {
    this.viewers.register('post', (ctx, references) => this.audience.seesAny(ctx, references));
  }
}
