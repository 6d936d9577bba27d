import { posix } from 'node:path';

export const isPlaylist = (contentType: string): boolean =>
  ['application/vnd.apple.mpegurl', 'application/x-mpegurl', 'audio/mpegurl'].includes(contentType.toLowerCase());

/**
 * Rewrites an HLS playlist (RFC 8216) so that its files are requested as variants of the same file, with the same authorization as the
 * playlist.
 * @param name the playlist's variant, to which its URIs are relative
 * @param query the query of a request for the given variant
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
