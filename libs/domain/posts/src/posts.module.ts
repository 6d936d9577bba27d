import { Module, type OnModuleInit } from '@nestjs/common';
import { DisplayNameRegistry, UsersModule } from '#caas/domain/users';
import { TenancyModule } from '#caas/tenancy';
import { postReactions } from './post-reaction.schema';
import { postViews } from './post-view.schema';
import { posts } from './post.schema';

/** What every process knows of posts. */
@Module({ imports: [UsersModule, TenancyModule.forFeature([posts, postReactions, postViews])] })
export class PostsModule implements OnModuleInit {
  constructor(private readonly holders: DisplayNameRegistry) {}

  onModuleInit(): void {
    this.holders.register(posts, [{ path: 'author' }]);
    this.holders.register(postReactions, [{ path: 'user' }]);
    this.holders.register(postViews, [{ path: 'user' }]);
  }
}
