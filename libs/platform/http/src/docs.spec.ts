import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { serveDocs } from './docs';
import { startToys } from './http-application.support';

describe('the REST reference', () => {
  let app: NestFastifyApplication;
  let url: string;
  let document: OpenAPIObject;
  beforeAll(async () => {
    ({ app, url } = await startToys({}, { prepare: (toys) => serveDocs(toys, '1') }));
    document = (await (await fetch(`${url}/docs/openapi.json`)).json()) as OpenAPIObject;
  });
  afterAll(() => app.close());

  it('is an OpenAPI 3.1 document with the credentials and the failures', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.components!.securitySchemes!)).toEqual(['tenant', 'platform']);
    expect(document.components!.schemas).toHaveProperty('Problem');
    for (const path of Object.values(document.paths)) {
      for (const operation of Object.values(path as Record<string, { responses: object }>)) {
        expect(operation.responses).toHaveProperty('default');
      }
    }
  });

  it('names each parameter once', () => {
    const { parameters } = document.paths['/toys/paged']!.get! as { parameters: { name: string; in: string }[] };
    expect(parameters.map((one) => `${one.in} ${one.name}`).sort()).toEqual([
      'query cursor',
      'query direction',
      'query limit',
    ]);
    const change = document.paths['/toys/{id}']!.patch! as { parameters: { name: string; in: string }[] };
    expect(change.parameters.map((one) => `${one.in} ${one.name}`).sort()).toEqual([
      'header If-Match',
      'header If-None-Match',
      'path id',
    ]);
  });

  it('says null as JSON Schema does', () => {
    const text = JSON.stringify(document);
    expect(text).not.toContain('"nullable"');
    const toy = document.components!.schemas!['ToyView'] as { properties: Record<string, unknown> };
    expect(toy.properties['note']).toMatchObject({ type: ['string', 'null'] });
    expect(toy.properties['colour']).toMatchObject({ type: ['string', 'null'], enum: ['red', 'blue', null] });
    expect(toy.properties['parent']).toMatchObject({
      anyOf: [{ $ref: '#/components/schemas/ToyView' }, { type: 'null' }],
    });
  });

  it('has a page that asks nobody else for anything', async () => {
    const page = await fetch(`${url}/docs`);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
    const html = await page.text();
    const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) {
      expect(link).not.toMatch(/^(?:https?:)?\/\//);
      const asset = await fetch(new URL(link, `${url}/docs`));
      expect(`${link} ${asset.status}`).toBe(`${link} 200`);
      await asset.arrayBuffer();
    }
  });
});
