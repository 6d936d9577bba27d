import { posix } from 'node:path';

export const isPlaylist = (contentType: string): boolean =>
  ['application/vnd.apple.mpegurl', 'application/x-mpegurl', 'audio/mpegurl'].includes(contentType.toLowerCase());

/**
 * An HLS playlist (RFC 8216) whose files are asked for as variants of the same file, by the authority the playlist came with.
 * @param name the variant that it is, which relative lines start from
 * @param query of the request for the variant named
 */
export function rewritePlaylist(text: string, name: string, query: (variant: string) => string): string {
  const rewritten = (uri: string) => {
    const isAbsolute = /^[a-z][a-z0-9+.-]*:|^\//i.test(uri);
    const variant = posix.normalize(posix.join(posix.dirname(name), uri.split(/[?#]/, 1)[0]!));
    return isAbsolute || variant.startsWith('..') ? uri : `?${query(variant)}`;
  };
  return text
    .split(/\r?\n/)
    .map((line) => {
      if (line.startsWith('#'))
        return line.replace(/\bURI="([^"]*)"/g, (_all, uri: string) => `URI="${rewritten(uri)}"`);
      return line.trim() === '' ? line : rewritten(line.trim());
    })
    .join('\n');
}
