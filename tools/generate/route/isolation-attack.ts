import { hasProperty } from '../edits/lists';
import { camel } from '../names';
import type { PathParam, RoutePath, Verb } from './route-path';

/** Ids of the isolation suite that are not called as what they are of. */
const KNOWN: Record<string, string> = { external_id: 'user', device_id: 'device' };

export interface Attack {
  /** The entry of `ROUTES`. */
  entry: string;
  /** Parameters for which the suite has no thing of the other tenant. */
  unknown: string[];
}

/** How the isolation suite tries the route with ids of another tenant. @param world the text of its `world.ts` */
export function attackOn(
  documented: string,
  verb: Verb,
  route: RoutePath,
  as: 'user' | 'server',
  world: string,
): Attack {
  const ids = new Set<string>();
  const unknown: string[] = [];
  const valueOf = (param: PathParam): string => {
    if (param.name === 'emoji') return '👍';
    const id = KNOWN[param.name] ?? camel(param.name === 'id' ? param.thing : param.name.replace(/_id$/, ''));
    if (hasProperty(world, 'RANDOM_IDS', id)) {
      ids.add(id);
      return `\${${id}}`;
    }
    unknown.push(param.name);
    return param.isObjectId ? 'd'.repeat(24) : 'nothing';
  };
  const path = route.params.reduce((text, param) => text.replace(`:${param.name}`, valueOf(param)), `/${route.path}`);
  const body = verb === 'get' || verb === 'delete' ? '' : `, { text: 'attack' }`;
  const call = `caller.${verb}(\`${path}\`${body})`;
  const parameters = ids.size > 0 ? `(caller, { ${[...ids].join(', ')} })` : '(caller)';
  const isList = verb === 'get' && route.params.length === 0;
  const entry = `'${documented}': { as: '${as}', ${isList ? 'differential: true, ' : ''}try: ${parameters} => ${call} }`;
  return { entry: ids.size > 0 ? entry : entry.replaceAll('`', "'"), unknown };
}
