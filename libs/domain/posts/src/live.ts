import type { Post } from './post.schema';

/** What has expired is gone for everybody, though the purge may still be to come. Written so that no index is tempted by it. */
export const isLive = (now: Date) => ({ expires_at: { $not: { $lte: now } } });

export const hasExpired = ({ expires_at }: Post, now: Date): boolean => expires_at !== null && expires_at <= now;
