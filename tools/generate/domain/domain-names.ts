import { camel, pascal, plural, requireFreeKebab, singular, snake } from '../names';
import { UsageError } from '../usage-error';

/** `npm run generate -- domain wiki page`: the library `wiki`, whose first feature keeps pages. */
export interface DomainNames {
  /** `wiki` */
  library: string;
  /** `Wiki` */
  Library: string;
  /** `page` */
  thing: string;
  /** `Page` */
  Thing: string;
  /** `pages`: the feature, its folder and its routes */
  things: string;
  /** `Pages` */
  Things: string;
  /** `pages`: the collection, as a constant */
  collection: string;
  /** `pages`: the collection, as stored */
  collectionName: string;
  /** `page`: in error codes */
  code: string;
}

const COLLECTION_LENGTH = { min: 3, max: 41 };

/** @throws UsageError */
export function domainNames(library: string | undefined, thingName: string | undefined): DomainNames {
  const name = requireFreeKebab(library, 'domain library', 'notes');
  const thing = requireFreeKebab(thingName ?? singular(name), 'thing that the library keeps', 'note');
  const things = plural(thing);
  const { min, max } = COLLECTION_LENGTH;
  if (things.length < min || things.length > max) {
    throw new UsageError(`"${things}" is no name for a collection: it has ${min} to ${max} letters.`);
  }
  return {
    library: name,
    Library: pascal(name),
    thing,
    Thing: pascal(thing),
    things,
    Things: pascal(things),
    collection: camel(things),
    collectionName: snake(things),
    code: snake(thing),
  };
}
