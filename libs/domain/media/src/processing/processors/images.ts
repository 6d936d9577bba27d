import { Injectable } from '@nestjs/common';
import sharp, { type Metadata, type OutputInfo, type Sharp, type SharpOptions } from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import { NOTHING_KNOWN, variant, type ProcessedMedia, type ProcessedVariant } from '../processed-media';
import { FileRefused, rejected } from '../outcomes';
import type { ProcessingInput } from '../processing-input';

/** Longer sides of the thumbnails, in pixels. */
export const THUMBNAILS = [160, 480, 1280] as const;
/** `effort` 2 takes two thirds of the time of the default 4, for 5 % more bytes and 0.4 dB less (`npm run bench:media`). */
export const THUMBNAIL_WEBP = { quality: 80, effort: 2 };
const PICTURE_JPEG = { quality: 90 };
const THUMBHASH_SIDE = 100;

const MOST_PIXELS = 100_000_000;
const MOST_FRAMES = 1_000;
const LONGEST_SECONDS = 60;

/** Pixels as displayed: rotated, in sRGB, without metadata. */
export interface Raster {
  data: Buffer;
  info: OutputInfo;
}

// The cache of one picture is useless for the next.
sharp.cache(false);

const HEIC = /^image\/hei[cf]/;

const OPTIONS: SharpOptions = { limitInputPixels: MOST_PIXELS, failOn: 'error', unlimited: false };
const reading = (input: string, options: SharpOptions = {}) =>
  sharp(input, { ...OPTIONS, ...options }).timeout({ seconds: LONGEST_SECONDS });
const drawing = ({ data, info: { width, height, channels } }: Raster) =>
  sharp(data, { raw: { width, height, channels } });

/** Decodes pictures and encodes them again. That rejects files that are not pictures, and removes data hidden in them. */
@Injectable()
export class Images {
  /** @throws FileRefused `unreadable_image`, `heic_not_supported`, `too_many_pixels` */
  async make({ input }: Pick<ProcessingInput, 'input'>, content_type: string): Promise<ProcessedMedia> {
    return this.refusing(content_type, async () => {
      const metadata = await this.measure(input);
      const { width, height } = metadata.autoOrient;
      const [original, { thumbnails, thumbhash }] = await Promise.all([
        this.original(input, metadata),
        this.thumbnails(reading(input), { width, height }),
      ]);
      return {
        ...NOTHING_KNOWN,
        kind: 'image',
        content_type,
        width,
        height,
        thumbhash,
        variants: [original, ...thumbnails],
      };
    });
  }

  /**
   * Decodes once, at about the size of the largest thumbnail (a JPEG is shrunk while it is decoded); each smaller one is made from the
   * next larger. None is larger than its source.
   */
  async thumbnails(source: Sharp, size: { width: number; height: number }) {
    const smaller = THUMBNAILS.filter((side) => side < Math.max(size.width, size.height));
    const largest = smaller.at(-1) ?? THUMBNAILS[0];
    let raster = await raw(source.autoOrient().resize(inside(largest)).toColourspace('srgb'));
    const writing: Promise<ProcessedVariant>[] = [];
    for (const side of smaller.toReversed()) {
      if (side !== largest) raster = await raw(drawing(raster).resize(inside(side)));
      writing.push(webp(`thumb_${side}`, raster));
    }
    const [thumbhash, ...thumbnails] = await Promise.all([hashOf(raster), ...writing.reverse()]);
    return { thumbhash, thumbnails };
  }

  /** Variants of a frame of a video. */
  async poster(input: string, side: number): Promise<{ poster: ProcessedVariant; thumbhash: string }> {
    return this.refusing('image/png', async () => {
      const raster = await raw(reading(input).resize(inside(side)));
      const [poster, thumbhash] = await Promise.all([webp('poster', raster), hashOf(raster)]);
      return { poster, thumbhash };
    });
  }

  /** Variants of a drawn page of a document. */
  async page(input: string) {
    return this.refusing('image/png', async () => this.thumbnails(reading(input), await this.measure(input)));
  }

  /** Reads only the header, before anything is decoded. */
  private async measure(input: string): Promise<Metadata> {
    const metadata = await sharp(input, { ...OPTIONS, limitInputPixels: false }).metadata();
    const frames = metadata.pages ?? 1;
    const { width, height } = metadata;
    if (!(width > 0 && height > 0)) throw rejected('unreadable_image', 'The picture has no size.');
    // For an animation, `height` is the height of one frame.
    if (width * height * frames > MOST_PIXELS || frames > MOST_FRAMES) {
      throw rejected(
        'too_many_pixels',
        `A picture may have ${MOST_PIXELS / 1e6} million pixels, in all of its frames.`,
      );
    }
    return metadata;
  }

  private async original(input: string, { format, pages = 1 }: Metadata): Promise<ProcessedVariant> {
    const animated = pages > 1 && (format === 'gif' || format === 'webp');
    const picture = reading(input, { animated }).autoOrient();
    const [written, type, ending] = inFamily(picture, format);
    const { data, info } = await written.toBuffer({ resolveWithObject: true });
    const height = animated ? (info.pageHeight ?? info.height) : info.height;
    return variant('original', `original.${ending}`, type, data, { width: info.width, height });
  }

  private async refusing<T>(contentType: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof FileRefused) throw error;
      const { message } = error as Error;
      if (/pixel limit/i.test(message)) throw rejected('too_many_pixels', 'The picture has too many pixels.');
      if (/timeout/i.test(message)) throw rejected('unreadable_image', 'The picture takes too long to be read.');
      // Sharp also fails for reasons of the machine, which are not the picture's fault.
      if (/memory|ENOSPC|EMFILE|ENOENT/i.test(message)) throw error;
      // HEIC is coded in HEVC, for which sharp's libraries have no decoder.
      if (HEIC.test(contentType))
        throw rejected('heic_not_supported', 'Pictures in HEIC are not read. Send JPEG or PNG.');
      throw rejected('unreadable_image', 'The picture cannot be decoded.');
    }
  }
}

function inFamily(picture: Sharp, format: string | undefined): [Sharp, type: string, ending: string] {
  if (format === 'png') return [picture.png(), 'image/png', 'png'];
  if (format === 'webp') return [picture.webp({ quality: 90, effort: 2 }), 'image/webp', 'webp'];
  if (format === 'gif') return [picture.gif(), 'image/gif', 'gif'];
  // AVIF takes seconds to encode, and not every client supports TIFF.
  return [picture.flatten({ background: '#fff' }).jpeg(PICTURE_JPEG), 'image/jpeg', 'jpg'];
}

const inside = (side: number) => ({ width: side, height: side, fit: 'inside', withoutEnlargement: true }) as const;
const raw = (picture: Sharp): Promise<Raster> => picture.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });

async function webp(name: string, raster: Raster): Promise<ProcessedVariant> {
  const { data, info } = await drawing(raster).webp(THUMBNAIL_WEBP).toBuffer({ resolveWithObject: true });
  return variant(name, `${name}.webp`, 'image/webp', data, { width: info.width, height: info.height });
}

async function hashOf(raster: Raster): Promise<string> {
  const { data, info } = await raw(drawing(raster).resize(inside(THUMBHASH_SIDE)).ensureAlpha());
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data)).toString('base64');
}
