import { addImport } from '../edits/imports';
import { addMember, addProperty, hasMember, hasProperty } from '../edits/lists';
import type { Generator } from '../generator';
import { fileOfClass, relativeImport, requireLibrary, splitPlace } from '../library';
import { pascal } from '../names';
import { UsageError } from '../usage-error';
import type { Workspace } from '../workspace';
import { findController, hasEntityTag, type ControllerFile } from './controller';
import { attackOn } from './isolation-attack';
import { documentedRoute, requirePath, requireVerb, type RoutePath } from './route-path';
import {
  controllerImports,
  controllerMethod,
  dtoClass,
  serviceImports,
  serviceMethod,
  type NewRoute,
} from './route-templates';

const ROUTES = 'test/isolation/transports/routes.ts';
const WORLD = 'test/isolation/transports/world.ts';
const USAGE = 'route <library>/<feature> <verb> <path> [<method-name>]';
const METHOD_NAME = /^[a-z]+([A-Z][a-z]+)*$/;

/** A route of a feature that is there: its body, the methods of service and controller, and how another tenant attacks it. */
export const route: Generator = {
  usage: USAGE,
  words: 4,
  prepare(workspace, [place, verbGiven, pathGiven, nameGiven]) {
    const [library, feature, ...more] = splitPlace(place, USAGE) as [string, string, ...string[]];
    if (more.length > 0) throw new UsageError(`"${place}" is not <library>/<feature>.`);
    requireLibrary(workspace, library);
    const controller = findController(workspace, library, feature);
    const verb = requireVerb(verbGiven);
    const path = requirePath(pathGiven, verb);
    const name = methodName(nameGiven, path.defaultName);
    const documented = documentedRoute(verb, path);
    if (hasProperty(workspace.read(ROUTES), 'ROUTES', documented))
      throw new UsageError(`The route ${documented} exists already.`);

    const serviceFile = fileOfClass(workspace, library, controller.service.className);
    if (!serviceFile) throw new Error(`${controller.service.className} was not found in libs/domain/${library}.`);
    requireFreeName(
      workspace,
      name,
      [controller.file, controller.className],
      [serviceFile, controller.service.className],
    );
    const isWrite = verb === 'put' || verb === 'patch' || verb === 'delete';
    const rest = restBehind(controller, path);
    const text = workspace.read(controller.file);
    const route: NewRoute = {
      verb,
      path,
      rest,
      name,
      summary: name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      dto: verb === 'get' || verb === 'delete' ? null : `${pascal(name)}${pascal(path.thing)}Dto`,
      service: controller.service.field,
      isConditional: isWrite && hasEntityTag(text, controller.className, rest),
    };
    addToService(workspace, serviceFile, controller.service.className, route);
    addToController(workspace, controller, route);
    const attack = attackOn(documented, verb, path, controller.as, workspace.read(WORLD));
    workspace.edit(ROUTES, (before) => addProperty(before, 'ROUTES', attack.entry));
    return byHand(serviceFile, controller, route, attack.unknown);
  },
};

function byHand(serviceFile: string, { file }: ControllerFile, { name, dto }: NewRoute, unknown: string[]): string[] {
  return [
    `${serviceFile}: the work of \`${name}\`; it answers 404 until it is written, so that nothing is given away.`,
    `${file}: the summary of \`${name}\`, and what it answers.`,
    ...(dto ? [`the fields of ${dto}, here and in the attack in ${ROUTES}: it has one text so far.`] : []),
    ...(unknown.length > 0
      ? [
          `${WORLD} and ${ROUTES}: a thing of the other tenant for \`${unknown.join('`, `')}\`; none is attacked so far.`,
        ]
      : []),
    'test/e2e/: what the route answers, on each tier, also to those who may not.',
  ];
}

function methodName(given: string | undefined, otherwise: string): string {
  const name = given ?? otherwise;
  if (METHOD_NAME.test(name) && name !== 'constructor') return name;
  throw new UsageError(`"${name}" is no name for a method: write it in camelCase, letters only, such as pinNote.`);
}

function requireFreeName(workspace: Workspace, name: string, ...places: [file: string, className: string][]): void {
  for (const [file, className] of places) {
    if (!hasMember(workspace.read(file), className, name)) continue;
    throw new UsageError(`${className} has a method "${name}" already; name this one behind the path.`);
  }
}

/** @throws UsageError when the controller answers elsewhere */
function restBehind({ className, prefix }: ControllerFile, { path }: RoutePath): string {
  if (path === prefix) return '';
  if (path.startsWith(`${prefix}/`)) return path.slice(prefix.length + 1);
  throw new UsageError(`${className} answers below /${prefix}, and /${path} is not there.`);
}

function addToService(workspace: Workspace, file: string, className: string, route: NewRoute): void {
  workspace.edit(file, (before) => {
    const text = addMember(before, className, serviceMethod(route));
    return serviceImports(route).reduce((all, [name, from]) => addImport(all, name, from), text);
  });
}

function addToController(workspace: Workspace, { file, className }: ControllerFile, route: NewRoute): void {
  const { dto } = route;
  const dtoFile = dto && addDto(workspace, file, dto);
  workspace.edit(file, (before) => {
    const text = addMember(before, className, controllerMethod(route));
    const imported = controllerImports(route).reduce((all, [name, from]) => addImport(all, name, from), text);
    return dto && dtoFile ? addImport(imported, dto, relativeImport(file, dtoFile)) : imported;
  });
}

/** Into the file of the controller's other bodies, or into a new one. @returns the file */
function addDto(workspace: Workspace, controllerFile: string, dto: string): string {
  // The reference names bodies by their classes, so no two in the whole API have one name.
  const all = workspace.sourcesBelow('libs').filter((path) => path.endsWith('.dto.ts'));
  const owner = all.find((path) => workspace.read(path).includes(`class ${dto} `));
  if (owner)
    throw new UsageError(`The body ${dto} exists already, in ${owner}; name the method otherwise, behind the path.`);
  const own = controllerFile.replace(/\.controller\.ts$/, '.dto.ts');
  const imported = /from '\.\/([\w./-]+\.dto)'/.exec(workspace.read(controllerFile))?.[1];
  const beside = controllerFile.slice(0, controllerFile.lastIndexOf('/'));
  const file = !workspace.exists(own) && imported ? `${beside}/${imported}.ts` : own;
  if (!workspace.exists(file)) workspace.create(file, '');
  workspace.edit(file, (before) => {
    const text = addImport(`${before}${dtoClass(dto)}`, 'ApiProperty', '@nestjs/swagger');
    return addImport(text, 'IsDisplayedText', '#caas/platform/http');
  });
  return file;
}
