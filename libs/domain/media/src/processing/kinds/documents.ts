import { NOTHING_KNOWN, variant, type Made } from '../made';
import type { Work } from '../work';
import type { Sniffed } from './sniff';

/** Kept as it is, to be served as an attachment. */
export const asIs = ({ input }: Work, { kind, content_type }: Sniffed): Made => ({
  ...NOTHING_KNOWN,
  kind,
  content_type,
  variants: [variant('original', 'original', content_type, { path: input })],
});
