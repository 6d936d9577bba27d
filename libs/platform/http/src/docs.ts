import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { PROBLEM_TYPE } from './problem';

type Json = Record<string, unknown>;

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457',
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
  properties: {
    type: { type: 'string', format: 'uri', examples: ['urn:caas:problem:validation_failed'] },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'for people; may change' },
    code: { type: 'string', description: 'for programs; stays', examples: ['validation_failed'] },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'message'],
        properties: { field: { type: 'string', examples: ['parts.1.name'] }, message: { type: 'string' } },
      },
    },
  },
};

/**
 * The REST reference at `/docs` and `/docs/openapi.json`, made from the controllers and their DTOs; its page's scripts and styles are
 * served from here, so it works without the internet.
 */
export function serveDocs(app: NestFastifyApplication, version: string): void {
  SwaggerModule.setup('docs', app, describeApi(app, version), {
    jsonDocumentUrl: 'docs/openapi.json',
    yamlDocumentUrl: 'docs/openapi.yaml',
    customSiteTitle: 'CaaS',
    swaggerOptions: { persistAuthorization: false, defaultModelsExpandDepth: 0, validatorUrl: null },
  });
}

/** The OpenAPI 3.1 document of an application. */
export function describeApi(app: NestFastifyApplication, version: string): OpenAPIObject {
  const description = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('CaaS')
    .setDescription('Chat for many companies. Errors are RFC 9457 problems with a stable `code`.')
    .setVersion(version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'a server key, or a user token (JWT)' }, 'tenant')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'the platform key' }, 'platform')
    .addSecurityRequirements('tenant')
    .build();
  const document = SwaggerModule.createDocument(app, description);
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Problem: PROBLEM_SCHEMA },
  };
  for (const path of Object.values(document.paths)) {
    for (const operation of Object.values(path as Record<string, Json>)) finish(operation);
  }
  return withoutNullable(document) as OpenAPIObject;
}

/** Completes an operation: each parameter appears once, though a route may declare it twice; every failure is a problem. */
function finish(operation: Json): void {
  if (!Array.isArray(operation['parameters']) && operation['responses'] === undefined) return;
  const parameters = (operation['parameters'] ?? []) as { name: string; in: string }[];
  operation['parameters'] = [...new Map(parameters.map((one) => [`${one.in} ${one.name}`, one])).values()];
  operation['responses'] = {
    ...(operation['responses'] as Json),
    default: {
      description: 'A failure',
      content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  };
}

/** `nullable` was removed after OpenAPI 3.0; since 3.1 a schema is JSON Schema, where null is a type. */
function withoutNullable(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withoutNullable);
  if (typeof node !== 'object' || node === null) return node;
  const { nullable, ...rest } = node as Json & { nullable?: unknown };
  const schema = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, withoutNullable(value)]));
  if (nullable === undefined || typeof nullable === 'object') {
    // A property that happens to be called "nullable" is not the keyword.
    return typeof nullable === 'object' ? { ...schema, nullable: withoutNullable(nullable) } : schema;
  }
  return nullable === true ? orNull(schema) : schema;
}

function orNull(schema: Json): Json {
  const { type, enum: values } = schema;
  if (type === undefined) return { anyOf: [schema, { type: 'null' }] };
  const types = [...new Set([...[type].flat(), 'null'])];
  return { ...schema, type: types, ...(Array.isArray(values) ? { enum: [...new Set([...values, null])] } : {}) };
}
