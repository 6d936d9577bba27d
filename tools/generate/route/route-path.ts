import { camel, pascal, singular, snake } from '../names';
import { UsageError } from '../usage-error';

export const VERBS = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type Verb = (typeof VERBS)[number];

export interface PathParam {
  /** `external_id` */
  name: string;
  /** `externalId` */
  variable: string;
  /** An id that the house made; false for one of the tenant's own choice. */
  isObjectId: boolean;
  /** What the segment in front of it names, in the singular: `note` */
  thing: string;
}

export interface RoutePath {
  /** `v1/notes/:id/pin` */
  path: string;
  params: PathParam[];
  /** What the route is about: `note` */
  thing: string;
  /** For the method, when the command line has none. */
  defaultName: string;
}

const LITERAL = /^[a-z]+(-[a-z]+)*$/;
const PARAM = /^:[a-z]+(_[a-z]+)*$/;
/** Ids that clients choose. */
const OPAQUE = new Set(['external_id', 'device_id']);
const FOR_ITEM: Record<Verb, string> = {
  get: 'get',
  post: 'create',
  put: 'replace',
  patch: 'change',
  delete: 'remove',
};

/** @throws UsageError */
export function requireVerb(given: string | undefined): Verb {
  const verb = VERBS.find((each) => each === given?.toLowerCase());
  if (verb) return verb;
  throw new UsageError(`"${given ?? ''}" is no verb of a route: it is one of ${VERBS.join(', ')}.`);
}

/** @throws UsageError */
export function requirePath(given: string | undefined, verb: Verb): RoutePath {
  const segments = (given ?? '').replace(/^\/?(v1\/)?/, '').split('/');
  if (!LITERAL.test(segments[0]!) || !segments.every((each) => LITERAL.test(each) || PARAM.test(each))) {
    throw new UsageError(`"${given ?? ''}" is no path of a route: write it as notes/:id/pin, without /v1.`);
  }
  const params = segments.flatMap((segment, at) => (PARAM.test(segment) ? [paramOf(segment, segments[at - 1]!)] : []));
  if (new Set(params.map(({ name }) => name)).size < params.length) {
    throw new UsageError(`"${given}" has two parameters of one name.`);
  }
  const thing = params.at(-1)?.thing ?? singular(segments[0]!);
  return { path: ['v1', ...segments].join('/'), params, thing, defaultName: nameFor(verb, segments) };
}

function paramOf(segment: string, before: string): PathParam {
  const name = segment.slice(1);
  const isObjectId = /(^|_)id$/.test(name) && !OPAQUE.has(name);
  return { name, variable: camel(name.replaceAll('_', '-')), isObjectId, thing: singular(before.replace(/^:/, '')) };
}

/** `put notes/:id/pin` → `pin`, `delete notes/:id/pin` → `removePin`, `get notes` → `list` */
function nameFor(verb: Verb, segments: string[]): string {
  const last = segments.at(-1)!;
  if (PARAM.test(last)) return FOR_ITEM[verb];
  if (segments.length === 1) return verb === 'get' ? 'list' : FOR_ITEM[verb];
  if (verb === 'get') return `get${pascal(last)}`;
  return verb === 'delete' ? `remove${pascal(last)}` : camel(last);
}

/** As the reference and the isolation suite have it: `PUT /v1/notes/{id}/pin` */
export const documentedRoute = (verb: Verb, { path }: RoutePath): string =>
  `${verb.toUpperCase()} /${path.replace(/:([a-z_]+)/g, '{$1}')}`;

/** In error codes. */
export const codeOf = ({ thing }: RoutePath): string => snake(thing);
