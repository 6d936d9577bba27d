import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { hostilePdfs } from './pdfs';
import { photograph, testVideo } from './samples';

export interface Hostile {
  what: string;
  bytes: Buffer;
  name?: string;
  declared_type?: string;
  /** What becomes of it: a code of a problem, or that it is kept. */
  ends: string[];
}

/** Files that somebody made to do harm. @param url an address that must not be called */
export async function hostileFiles(url: string): Promise<Hostile[]> {
  const jpeg = await photograph('allium-oreophilum');
  const mp4 = await testVideo({ size: '160x120' });
  const image = { declared_type: 'image/png', name: 'photo.png' };
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
  const playlist = (target: string) =>
    Buffer.from(`#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${target}\n#EXT-X-ENDLIST\n`);
  const zip = zipOf('a.txt', Buffer.alloc(50_000_000));
  const pdfs = Object.entries(hostilePdfs(url)).map(([what, bytes]) => ({ what, bytes, ends: ['ready'] }));
  return [
    ...pdfs,
    { what: 'an empty file', bytes: Buffer.alloc(0), ends: ['empty_file'] },
    { what: 'a drawing with a script', bytes: Buffer.from(svg), ...image, ends: ['active_content'] },
    {
      what: 'a drawing behind a comment',
      bytes: Buffer.from(`\ufeff<!-- x -->\n<?xml version="1.0"?>${svg}`),
      ends: ['active_content'],
    },
    { what: 'a drawing in UTF-16', bytes: Buffer.from(`\ufeff${svg}`, 'utf16le'), ends: ['active_content'] },
    {
      what: 'a page',
      bytes: Buffer.from('<!DOCTYPE html><script>alert(1)</script>'),
      name: 'a.jpg',
      ends: ['active_content'],
    },
    {
      what: 'a picture that is a script',
      bytes: Buffer.from('GIF89a/*\x01\x01*/=1;alert(1);//'),
      ...image,
      ends: ['unreadable_image'],
    },
    { what: 'a script declared as a picture', bytes: Buffer.from('alert(1)'), ...image, ends: ['type_mismatch'] },
    {
      what: 'an archive declared as a picture',
      bytes: zipOf('a.txt', Buffer.from('a')),
      ...image,
      ends: ['type_mismatch'],
    },
    { what: 'an archive that swells', bytes: zip, name: 'bomb.zip', ends: ['ready'] },
    { what: 'a stream that swells', bytes: gzipSync(Buffer.alloc(50_000_000)), ends: ['ready'] },
    {
      what: 'a picture with 2.5 billion pixels',
      bytes: pngOf(50_000, 50_000, Buffer.alloc(100)),
      ends: ['too_many_pixels'],
    },
    {
      what: 'a picture that swells',
      bytes: pngOf(9_000, 9_000, deflateSync(Buffer.alloc(1_000))),
      ends: ['unreadable_image'],
    },
    { what: 'a picture with a header alone', bytes: pngOf(100, 100, Buffer.alloc(0)), ends: ['unreadable_image'] },
    { what: 'half a picture', bytes: jpeg.subarray(0, jpeg.length / 2), ends: ['unreadable_image'] },
    { what: 'half a video', bytes: mp4.subarray(0, mp4.length / 2), ends: ['unreadable_media'] },
    {
      what: 'a playlist of a local file',
      bytes: playlist('file:///etc/passwd'),
      name: 'a.mp4',
      declared_type: 'video/mp4',
      ends: ['playlist_not_allowed'],
    },
    {
      what: 'a playlist of an address',
      bytes: playlist(`${url}/playlist`),
      declared_type: 'video/mp4',
      ends: ['playlist_not_allowed'],
    },
    {
      what: 'a list for the concat demuxer',
      bytes: Buffer.from(`ffconcat version 1.0\nfile '/etc/passwd'\n`),
      ends: ['playlist_not_allowed'],
    },
    {
      what: 'a manifest',
      bytes: Buffer.from(`<?xml version="1.0"?><MPD><BaseURL>${url}/mpd</BaseURL></MPD>`),
      ends: ['active_content'],
    },
    {
      what: 'a session description',
      bytes: Buffer.from(`v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n`),
      ends: ['playlist_not_allowed'],
    },
    {
      what: 'a video whose samples lie at an address',
      bytes: withReference(mp4, `${url}/dref`),
      ends: ['unreadable_media', 'ready'],
    },
    {
      what: 'a video with absurd headers',
      bytes: withAbsurdSizes(mp4),
      ends: ['unreadable_media', 'media_too_large', 'ready'],
    },
    { what: 'a video with a brand alone', bytes: mp4.subarray(0, 40), ends: ['unreadable_media'] },
    {
      what: 'an endless name',
      bytes: Buffer.from('hello'),
      name: `${'../'.repeat(1000)}${'x'.repeat(7000)}`,
      ends: ['ready'],
    },
    {
      what: 'a wrong ending',
      bytes: jpeg,
      name: 'photo.exe',
      declared_type: 'application/x-msdownload',
      ends: ['ready'],
    },
  ];
}

/** A picture with an archive and a page behind it: shown as a picture, and no more than that. */
export async function polyglot(): Promise<Buffer> {
  return Buffer.concat([
    await photograph('french-alpine-landscape'),
    Buffer.from('<script>alert(1)</script>'),
    zipOf('a.txt', Buffer.from('a')),
  ]);
}

function pngOf(width: number, height: number, data: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunkOf('IHDR', header),
    chunkOf('IDAT', data),
    chunkOf('IEND', Buffer.alloc(0)),
  ]);
}

function chunkOf(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(data.length, 0);
  numbers.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([numbers.subarray(0, 4), body, numbers.subarray(4)]);
}

/** One entry and the directory, see APPNOTE.TXT 4.3. */
function zipOf(name: string, content: Buffer): Buffer {
  const data = deflateRawSync(content);
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(8, 4);
  fields.writeUInt32LE(crc32(content), 10);
  fields.writeUInt32LE(data.length, 14);
  fields.writeUInt32LE(content.length, 18);
  fields.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, Buffer.from(name), data]);
  const entry = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00', 'latin1'),
    fields,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, entry, end]);
}

/** The data reference of each track names an address in place of the file itself (ISO/IEC 14496-12, 8.7.2). */
function withReference(mp4: Buffer, url: string): Buffer {
  const changed = Buffer.from(mp4);
  for (let at = changed.indexOf('url '); at >= 0; at = changed.indexOf('url ', at + 4))
    changed.writeUInt32BE(0, at + 4);
  return Buffer.concat([changed, Buffer.from(`\0\0\0\0free${url}\0`)]);
}

/** Widths, heights, durations and counts of samples as large as their fields hold. */
function withAbsurdSizes(mp4: Buffer): Buffer {
  const changed = Buffer.from(mp4);
  for (const [box, offset, length] of [
    ['mvhd', 16, 8],
    ['tkhd', 80, 8],
    ['mdhd', 16, 8],
    ['stsz', 12, 4],
    ['stts', 8, 4],
    ['avc1', 28, 4],
  ] as const) {
    const at = changed.indexOf(box);
    if (at >= 0) changed.fill(0x7f, at + offset, at + offset + length);
  }
  return changed;
}
