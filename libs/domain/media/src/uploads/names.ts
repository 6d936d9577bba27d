import { invalid, isBlank } from '#caas/kernel';

const LONGEST_NAME = 255;
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,63}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,100}$/;
/** Control characters, line breaks, and characters that change the direction of writing (Unicode Standard Annex 9). */
const UNSHOWN = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * The file's display name: the last part of the path that the client sends, without unprintable characters; `file` when nothing visible
 * is left. No name is refused, because users do not choose the names of their files. It is never used as a path.
 */
export function fileNameOf(given: string | null | undefined): string {
  const [name] = (given ?? '').toWellFormed().split(/[/\\]/).slice(-1);
  const shown = [...name!.replace(UNSHOWN, '').trim()].slice(0, LONGEST_NAME).join('');
  return isBlank(shown) || shown === '.' || shown === '..' ? 'file' : shown;
}

/** A media type without its parameters; null when none is given. @throws CaasError `invalid_file_type` (400) */
export function declaredTypeOf(given: string | null | undefined): string | null {
  const type = (given ?? '').split(';', 1)[0]!.trim().toLowerCase();
  if (type === '') return null;
  if (MEDIA_TYPE.test(type)) return type;
  throw invalid('invalid_file_type', 'The type of the file is not a media type such as "image/png".');
}
