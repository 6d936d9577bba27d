import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** The REST reference at `/docs` and `/docs/openapi.json`, made from the controllers and their DTOs. */
export function serveDocs(app: NestFastifyApplication, version: string): void {
  const description = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('CaaS')
    .setDescription('Chat for many companies. Errors are RFC 9457 problems with a stable `code`.')
    .setVersion(version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'server key, or a user token (JWT)' }, 'tenant')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'the platform key' }, 'platform')
    .addSecurityRequirements('tenant')
    .build();
  const document = SwaggerModule.createDocument(app, description);
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'docs/openapi.json', customSiteTitle: 'CaaS' });
}
