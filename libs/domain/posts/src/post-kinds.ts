export const POST_KINDS = ['post', 'reel', 'story'] as const;
export type PostKind = (typeof POST_KINDS)[number];

export const VISIBILITIES = ['public', 'friends', 'private'] as const;
export type Visibility = (typeof VISIBILITIES)[number];
