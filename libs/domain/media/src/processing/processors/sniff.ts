import { fileTypeFromFile } from 'file-type';
import { open } from 'node:fs/promises';
import type { MediaKind } from '../../persistence/media-metadata.schema';
import { rejected } from '../outcomes';

/** The detected type. */
export interface Sniffed {
  kind: MediaKind;
  content_type: string;
}

/** This much of the file is enough to distinguish text from binary, and to recognise the kind of text. */
const HEAD_BYTES = 64 * 1024;

const KINDS: Record<string, MediaKind> = {
  'image/jpeg': 'image',
  'image/png': 'image',
  'image/apng': 'image',
  'image/webp': 'image',
  'image/gif': 'image',
  'image/avif': 'image',
  'image/heic': 'image',
  'image/heif': 'image',
  'image/tiff': 'image',
  'video/mp4': 'video',
  'video/quicktime': 'video',
  'video/x-m4v': 'video',
  'video/3gpp': 'video',
  'video/3gpp2': 'video',
  'video/webm': 'video',
  'video/matroska': 'video',
  'video/vnd.avi': 'video',
  'audio/mpeg': 'audio',
  'audio/mp4': 'audio',
  'audio/x-m4a': 'audio',
  'audio/aac': 'audio',
  'audio/ogg': 'audio',
  'audio/ogg; codecs=opus': 'audio',
  'audio/wav': 'audio',
  'audio/flac': 'audio',
  'application/pdf': 'document',
  'application/rtf': 'document',
  'application/epub+zip': 'document',
  'application/x-cfb': 'document',
};
const OFFICE = /^application\/vnd\.(openxmlformats-officedocument|oasis\.opendocument)\./;

/** Text in which browsers run scripts, wherever the script stands. */
const ACTIVE = /^(?:\s|<!--[\s\S]*?-->)*<(?:\?xml|!doctype|html|head|body|script|iframe|svg|math|\w+:svg|xsl:)/i;
const PLAYLIST = /^\s*(?:#EXTM3U|ffconcat version|\[playlist\]|<MPD|v=0\r?\no=)/i;

/**
 * Detects the type from the content, never from the name.
 * @throws FileRefused for types that are never allowed: pages and drawings that can run scripts, playlists that refer to other files
 */
export async function sniff(path: string): Promise<Sniffed> {
  const head = await headOf(path);
  if (head.length === 0) throw rejected('empty_file', 'The file has no bytes.');
  const text = textOf(head);
  if (text !== null) {
    if (PLAYLIST.test(text)) throw rejected('playlist_not_allowed', 'The file is a playlist, which names other files.');
    if (ACTIVE.test(text)) throw rejected('active_content', 'The file is a page or a drawing that can run scripts.');
  }
  const mime = (await fileTypeFromFile(path).catch(() => undefined))?.mime;
  if (mime === undefined) {
    return text === null ? { kind: 'other', content_type: OCTETS } : { kind: 'document', content_type: 'text/plain' };
  }
  if (mime === 'application/xml' || mime.includes('html') || mime.includes('svg'))
    throw rejected('active_content', 'The file is a page or a drawing that can run scripts.');
  if (mime.includes('mpegurl'))
    throw rejected('playlist_not_allowed', 'The file is a playlist, which names other files.');
  const kind = KINDS[mime] ?? (OFFICE.test(mime) ? 'document' : 'other');
  return { kind, content_type: mime.split(';')[0]! };
}

const OCTETS = 'application/octet-stream';

/** @throws FileRefused when the bytes do not belong to the declared family, such as a script sent as a picture */
export function agreeWith(declared: string | null, { kind }: Sniffed): void {
  const [family] = (declared ?? '').toLowerCase().split('/');
  const isMoving = kind === 'video' || kind === 'audio';
  const agrees = family === 'image' ? kind === 'image' : family === 'video' || family === 'audio' ? isMoving : true;
  if (!agrees) throw rejected('type_mismatch', `The file was declared as ${family}, which its content is not.`);
}

async function headOf(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Null unless the head is UTF-8 or UTF-16 text. */
function textOf(head: Buffer): string | null {
  const mark = head.readUIntBE(0, Math.min(2, head.length));
  if (mark === 0xfeff || mark === 0xfffe) {
    return new TextDecoder(mark === 0xfffe ? 'utf-16le' : 'utf-16be').decode(head);
  }
  try {
    // `stream`: a character cut off at the end of the head is no error.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true });
    return /[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}
