import type { Post } from './post.schema';

/** Hides expired posts that are not purged yet. Written so that the engine does not choose an index for it. */
export const isLive = (now: Date) => ({ expires_at: { $not: { $lte: now } } });

export const hasExpired = ({ expires_at }: Post, now: Date): boolean => expires_at !== null && expires_at <= now;
