import * as ts from 'typescript';
import { classNamed, decoratorArgument, parse } from '../edits/source';
import { pascal } from '../names';
import { UsageError } from '../usage-error';
import type { Workspace } from '../workspace';

export interface ControllerFile {
  file: string;
  className: string;
  /** `v1/notes` */
  prefix: string;
  /** Who may call its routes. */
  as: 'user' | 'server';
  /** The constructor's parameter with the service that the new method belongs in. */
  service: { field: string; className: string };
}

/** The controller of a feature. @throws UsageError when there is none */
export function findController(workspace: Workspace, library: string, feature: string): ControllerFile {
  const end = '.controller.ts';
  const all = workspace.sourcesBelow(`libs/domain/${library}/src`).filter((path) => path.endsWith(end));
  const file = all.find((path) => path.endsWith(`/${feature}${end}`));
  if (!file) {
    const features = all.map((path) => path.slice(path.lastIndexOf('/') + 1, -end.length));
    const there = features.length > 0 ? `There is: ${features.join(', ')}.` : 'It has none.';
    throw new UsageError(`The library ${library} has no feature "${feature}" with a controller. ${there}`);
  }
  const className = `${pascal(feature)}Controller`;
  const text = workspace.read(file);
  const found = classNamed(parse(text), className);
  const path = decoratorArgument(found, 'Controller');
  if (!path || !ts.isStringLiteral(path)) throw new Error(`${file}: \`@Controller('…')\` was not found.`);
  const as = decoratorNames(found).includes('ServerRoute') ? 'server' : 'user';
  return { file, className, prefix: path.text, as, service: serviceOf(found, file, `${pascal(feature)}Service`) };
}

/** The one of the feature's name, or else the first. */
function serviceOf(controller: ts.ClassDeclaration, file: string, wanted: string) {
  const services = (
    controller.members.find(ts.isConstructorDeclaration)?.parameters ?? ([] as ts.ParameterDeclaration[])
  )
    .map(({ name, type }) => ({ field: name.getText(), className: type?.getText() ?? '' }))
    .filter(({ className }) => className.endsWith('Service'));
  const service = services.find(({ className }) => className === wanted) ?? services[0];
  if (!service) throw new Error(`${file}: the constructor takes no service.`);
  return service;
}

const decoratorNames = (of: ts.HasDecorators) =>
  (ts.getDecorators(of) ?? []).map(({ expression }) =>
    ts.isCallExpression(expression) ? expression.expression.getText() : expression.getText(),
  );

/** Has the resource at that path of the controller an ETag? Then an app does not start with a write that takes no conditions. */
export function hasEntityTag(text: string, className: string, rest: string): boolean {
  return classNamed(parse(text), className).members.some((member) => {
    if (!ts.isMethodDeclaration(member) || !decoratorNames(member).includes('EntityTag')) return false;
    const get = (ts.getDecorators(member) ?? []).find(({ expression }) => expression.getText().startsWith('Get('));
    const argument = get && ts.isCallExpression(get.expression) ? get.expression.arguments[0] : undefined;
    return (argument && ts.isStringLiteral(argument) ? argument.text : '') === rest;
  });
}
