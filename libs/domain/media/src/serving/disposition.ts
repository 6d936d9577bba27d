/** Types that browsers display without running scripts. SVG and HTML can contain scripts, so they are not listed. */
const INLINE = new Set([
  'image/jpeg',
  'image/png',
  'image/gif',
  'image/webp',
  'image/avif',
  'video/mp4',
  'video/webm',
  'audio/mpeg',
  'audio/mp4',
  'audio/aac',
  'audio/ogg',
  'audio/opus',
  'audio/wav',
  'audio/webm',
  'audio/flac',
]);

/** `Content-Disposition` (RFC 6266) with the name twice: in ASCII for old clients, and in full (RFC 8187). */
export function contentDisposition(name: string, contentType: string): string {
  const ascii = name.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_');
  const kind = INLINE.has(contentType) ? 'inline' : 'attachment';
  return `${kind}; filename="${ascii}"; filename*=UTF-8''${extValue(name)}`;
}

/** RFC 8187, 3.2: `attr-char`s unchanged, everything else as percent-encoded UTF-8. */
const extValue = (text: string) =>
  encodeURIComponent(text.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
