import { Global, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AllowedOrigins } from './cors';
import { rawRequest, startToys } from './http-application.support';

class TestOrigins extends AllowedOrigins {
  override isAllowed(origin: string): Promise<boolean> {
    return Promise.resolve(origin === 'https://app.example');
  }
}

@Global()
@Module({ providers: [{ provide: AllowedOrigins, useClass: TestOrigins }], exports: [AllowedOrigins] })
class TestOriginsModule {}

describe('web pages of other origins', () => {
  let app: NestFastifyApplication;
  let url: string;
  const ask = (origin: string, headers: Record<string, string> = {}, method = 'GET') =>
    rawRequest(url, { method, path: '/toys/paged', headers: { origin, ...headers } });

  describe('when somebody allows them', () => {
    beforeAll(async () => ({ app, url } = await startToys({}, { modules: [TestOriginsModule] })));
    afterAll(() => app.close());

    it('may preflight and call', async () => {
      const preflight = await ask('https://app.example', { 'access-control-request-method': 'PUT' }, 'OPTIONS');
      expect(preflight.status).toBe(204);
      expect(preflight.headers).toMatchObject({
        'access-control-allow-origin': 'https://app.example',
        'access-control-allow-methods': expect.stringContaining('PUT') as string,
        'access-control-allow-headers': expect.stringContaining('Authorization') as string,
        vary: 'Origin',
      });
      const answer = await ask('https://app.example');
      expect(answer.status).toBe(200);
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': 'https://app.example',
        'access-control-expose-headers': expect.stringContaining('ETag') as string,
      });
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    });

    it.each(['https://evil.example', 'http://app.example', 'https://app.example.evil.example', 'null', ''])(
      'of origin %p are refused, before any handler',
      async (origin) => {
        for (const method of ['GET', 'OPTIONS']) {
          const answer = await ask(origin, { 'access-control-request-method': 'GET' }, method);
          expect(answer.status).toBe(403);
          expect(JSON.parse(answer.body)).toMatchObject({ code: 'origin_not_allowed' });
          expect(answer.headers['access-control-allow-origin']).toBeUndefined();
        }
      },
    );
  });

  describe('when nobody allows any', () => {
    beforeAll(async () => ({ app, url } = await startToys()));
    afterAll(() => app.close());

    it('are refused, and pages of the same origin are not', async () => {
      expect((await ask('https://app.example')).status).toBe(403);
      expect((await ask(url)).status).toBe(200);
      expect((await ask(url.replace('http:', 'https:'))).status).toBe(200);
      expect((await rawRequest(url, { path: '/toys/paged' })).status).toBe(200);
    });
  });
});
