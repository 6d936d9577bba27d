export { PostsHttpModule } from './posts-http.module';
export { PostsJobsModule } from './posts-jobs.module';
export { PostsModule } from './posts.module';
