import { sentence } from '../names';
import { codeOf, type PathParam, type RoutePath, type Verb } from './route-path';

export interface NewRoute {
  verb: Verb;
  path: RoutePath;
  /** Behind the controller's own path: `:id/pin`, or nothing. */
  rest: string;
  /** Of the method, in the controller and in the service. */
  name: string;
  /** In words, in kebab-case. */
  summary: string;
  /** Null for a route without a body. */
  dto: string | null;
  /** The controller's field with the service. */
  service: string;
  /** The resource has an ETag: whoever changes it may name the version that they have seen. */
  isConditional: boolean;
}

export const dtoClass = (name: string) => `
export class ${name} {
  @ApiProperty({ minLength: 1, maxLength: 2000 })
  @IsDisplayedText({ max: 2000 })
  text: string;
}
`;

const typeOf = ({ isObjectId }: PathParam) => (isObjectId ? 'ObjectId' : 'string');
const typeOfAnswer = ({ verb }: NewRoute) => (verb === 'get' ? '{ text: string }' : 'void');

/** A stub: it finds nothing, so that the route gives nothing away until it is written. */
export function serviceMethod(route: NewRoute): string {
  const { path, name, dto, isConditional } = route;
  const parameters = [
    '_ctx: RequestContext',
    ...path.params.map((param) => `_${param.variable}: ${typeOf(param)}`),
    ...(dto ? ['_body: { text: string }'] : []),
    ...(isConditional ? ['_preconditions: Preconditions'] : []),
  ];
  return `
  /** @throws CaasError \`${codeOf(path)}_not_found\` (404) */
  async ${name}(${parameters.join(', ')}): Promise<${typeOfAnswer(route)}> {
    // To be written: first ask for the right, then work.
    throw notFound('${codeOf(path)}');
  }`;
}

export function controllerMethod(route: NewRoute): string {
  const { verb, path, rest, name, summary, dto, service, isConditional } = route;
  const decorator = verb.charAt(0).toUpperCase() + verb.slice(1);
  const decorators = [
    `@${decorator}(${rest === '' ? '' : `'${rest}'`})`,
    ...(verb === 'get' ? [] : ['@HttpCode(204)', '@ApiNoContentResponse()']),
    `@ApiOperation({ summary: '${sentence(summary)}' })`,
  ];
  const parameters = [
    '@Ctx() ctx: RequestContext',
    ...path.params.map((param) => `${paramDecorator(param)} ${param.variable}: ${typeOf(param)}`),
    ...(dto ? [`@Body() body: ${dto}`] : []),
    ...(isConditional ? ['@Conditional() preconditions: Preconditions'] : []),
  ];
  const handedOn = [
    'ctx',
    ...path.params.map(({ variable }) => variable),
    ...(dto ? ['body'] : []),
    ...(isConditional ? ['preconditions'] : []),
  ];
  return `
  ${decorators.join('\n  ')}
  ${name}(${parameters.join(', ')}): Promise<${typeOfAnswer(route)}> {
    return this.${service}.${name}(${handedOn.join(', ')});
  }`;
}

function paramDecorator({ name, isObjectId }: PathParam): string {
  if (!isObjectId) return `@Param('${name}')`;
  return name === 'id' ? '@IdParam()' : `@IdParam('${name}')`;
}

type Import = [name: string, from: string];

/** What the controller needs. */
export function controllerImports({ verb, path, dto, isConditional }: NewRoute): Import[] {
  const isAnyId = path.params.some(({ isObjectId }) => isObjectId);
  const isAnyText = path.params.some(({ isObjectId }) => !isObjectId);
  const [nest, swagger, http, kernel] = ['@nestjs/common', '@nestjs/swagger', '#caas/platform/http', '#caas/kernel'];
  return [
    [verb.charAt(0).toUpperCase() + verb.slice(1), nest],
    ...some(dto !== null, ['Body', nest]),
    ...some(isAnyText, ['Param', nest]),
    ...some(verb !== 'get', ['HttpCode', nest], ['ApiNoContentResponse', swagger]),
    ['ApiOperation', swagger],
    ...some(isAnyId, ['type ObjectId', 'bson'], ['IdParam', http]),
    ['RequestContext', kernel],
    ['Ctx', http],
    ...some(isConditional, ['Preconditions', kernel], ['Conditional', http]),
  ];
}

export function serviceImports({ path, isConditional }: NewRoute): Import[] {
  return [
    ...some(
      path.params.some(({ isObjectId }) => isObjectId),
      ['type ObjectId', 'bson'],
    ),
    ['notFound', '#caas/kernel'],
    ['type RequestContext', '#caas/kernel'],
    ...some(isConditional, ['type Preconditions', '#caas/kernel']),
  ];
}

const some = (condition: boolean, ...all: Import[]): Import[] => (condition ? all : []);
