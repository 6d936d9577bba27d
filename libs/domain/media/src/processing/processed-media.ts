import type { MediaKind, MediaVariant } from '../persistence/media-metadata.schema';

/** A variant in a local file or in memory, before it is stored. */
export interface ProcessedVariant extends Omit<MediaVariant, 'size_bytes'> {
  from: Buffer | { path: string };
}

/** The result of processing a content. */
export interface ProcessedMedia {
  kind: MediaKind;
  content_type: string;
  width: number | null;
  height: number | null;
  duration_ms: number | null;
  thumbhash: string | null;
  waveform: number[] | null;
  page_count: number | null;
  variants: ProcessedVariant[];
}

export const NOTHING_KNOWN = {
  width: null,
  height: null,
  duration_ms: null,
  thumbhash: null,
  waveform: null,
  page_count: null,
};

/** A variant without dimensions or duration of its own. */
export const variant = (
  name: string,
  object: string,
  content_type: string,
  from: ProcessedVariant['from'],
  measures: Partial<Pick<MediaVariant, 'width' | 'height' | 'duration_ms'>> = {},
): ProcessedVariant => ({
  name,
  object,
  content_type,
  width: null,
  height: null,
  duration_ms: null,
  ...measures,
  from,
});
