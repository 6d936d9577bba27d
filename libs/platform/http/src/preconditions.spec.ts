import { Controller, Get, Module, Patch, Put } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { Preconditions } from '#caas/kernel';
import { requireConditionalWrites } from './conditional-routes';
import { EntityTag } from './entity-tags';
import { shelf, startToys } from './http-application.support';
import { Conditional, refuseUntakenConditions } from './preconditions';

const ID = '6745c1f2a4d3b2c1e0f9a8b7';
const ETAG = /^"3-[\w-]{16}"$/;

describe('A resource with versions', () => {
  let app: NestFastifyApplication;
  let url: string;
  beforeAll(async () => ({ app, url } = await startToys()));
  afterAll(() => app.close());

  const call = (method: string, headers: Record<string, string> = {}, path = `/toys/${ID}`) =>
    fetch(`${url}${path}`, { method, headers });
  const outcome = async (answer: Promise<Response>) => {
    const { status } = await answer;
    return status < 400 ? status : `${status} ${((await (await answer).json()) as { code: string }).code}`;
  };

  it('answers ETag: "<version>-<digest>", and not in the body', async () => {
    const answer = await call('GET');
    expect(answer.headers.get('etag')).toMatch(ETAG);
    expect(await answer.json()).toEqual({ id: ID, seen_by: 'anna' });
    expect((await call('HEAD')).headers.get('etag')).toBe(answer.headers.get('etag'));
  });

  it('has no ETag where its route does not say so: nothing would keep it from being overwritten', async () => {
    expect((await call('GET', {}, `/toys/${ID}/untagged`)).headers.get('etag')).toBeNull();
  });

  it('is not sent again to who has the whole answer, by GET and HEAD', async () => {
    const etag = (await call('GET')).headers.get('etag')!;
    for (const method of ['GET', 'HEAD']) {
      for (const tags of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
        const answer = await call(method, { 'if-none-match': tags });
        expect([answer.status, answer.headers.get('etag'), await answer.text()]).toEqual([304, etag, '']);
        expect(answer.headers.get('content-type')).toBeNull();
      }
      for (const tags of ['"3"', '"3-x"', '"x"'])
        expect((await call(method, { 'if-none-match': tags })).status).toBe(200);
    }
  });

  it('is sent again when something else in it differs than its version counts', async () => {
    const etag = (await call('GET')).headers.get('etag')!;
    shelf.seenBy = 'ben';
    const answer = await call('GET', { 'if-none-match': etag });
    shelf.seenBy = 'anna';
    expect(answer.status).toBe(200);
    expect(answer.headers.get('etag')).toMatch(ETAG);
    expect(answer.headers.get('etag')).not.toBe(etag);
    expect((await call('PATCH', { 'if-match': answer.headers.get('etag')! })).status).toBe(200);
  });

  it.each(['*', '"3-abc"', 'W/"3-abc"', ' "3" ', '"1-x", "3-y"'])('is changed with If-Match: %s', async (tags) => {
    expect((await call('PATCH', { 'if-match': tags })).headers.get('etag')).toMatch(/^"4-/);
    expect((await call('DELETE', { 'if-match': tags })).status).toBe(204);
    expect((await call('GET', { 'if-match': tags })).status).toBe(200);
  });

  it.each(['"2-abc"', 'W/"2"', '"another-service"', '""'])('is left with If-Match: %s', async (tags) => {
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const answer = call(method, { 'if-match': tags });
      expect((await answer).headers.get('etag')).toBeNull();
      expect(await outcome(answer)).toBe('412 stale_version');
    }
  });

  it('is created only, with If-None-Match: *, and changed only, with If-Match: *', async () => {
    shelf.isEmpty = true;
    expect(await outcome(call('PUT', { 'if-none-match': '*' }))).toBe(200);
    expect(await outcome(call('PUT', { 'if-match': '*' }))).toBe('412 stale_version');
    shelf.isEmpty = false;
    expect(await outcome(call('PUT', { 'if-none-match': '*' }))).toBe('412 already_exists');
    expect(await outcome(call('PUT', { 'if-match': '*' }))).toBe(200);
  });

  it.each(['3', '"3', 'w/"3"', '', '"1" "2"'])('takes no header such as %j', async (tags) => {
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      expect(await outcome(call(method, { 'if-match': tags }))).toBe('400 invalid_if_match');
    }
    expect(await outcome(call('GET', { 'if-none-match': tags }))).toBe('400 invalid_if_none_match');
  });
});

describe('A write that takes no conditions', () => {
  const request = (method: string, headers: object, isConditional = false) =>
    ({ method, headers, routeOptions: { config: { isConditional } } }) as never;
  const stale = { 'if-match': '"3-x"' };

  it.each(['PUT', 'PATCH', 'DELETE'])('by %s is refused when it has one that could fail', (method) => {
    expect(() => refuseUntakenConditions(request(method, stale))).toThrow('Read it again');
    expect(() => refuseUntakenConditions(request(method, { 'if-none-match': '*' }))).toThrow('there is one already');
    expect(() => refuseUntakenConditions(request(method, { 'if-match': 'x' }))).toThrow('list of ETags');
    for (const headers of [{}, { 'if-match': '*' }, { 'if-none-match': '"x"' }]) {
      expect(() => refuseUntakenConditions(request(method, headers))).not.toThrow();
    }
  });

  it('is none where the route takes them, or only reads or makes another', () => {
    expect(() => refuseUntakenConditions(request('PATCH', stale, true))).not.toThrow();
    for (const method of ['GET', 'HEAD', 'POST']) {
      expect(() => refuseUntakenConditions(request(method, stale))).not.toThrow();
    }
  });
});

@Controller('toys/:id')
class ReadToys {
  @Get()
  @EntityTag()
  get() {
    return {};
  }

  @Get('note')
  note() {
    return {};
  }
}

@Controller('toys')
class ConditionalToys {
  @Patch(':toy_id')
  change(@Conditional() _preconditions: Preconditions) {
    return {};
  }

  @Put(':toy_id/note')
  changeNote() {
    return {};
  }
}

@Controller('toys')
class DeafToys {
  @Put(':toy')
  put() {
    return {};
  }
}

describe('An app', () => {
  const start = async (controllers: (new () => object)[]) => {
    @Module({ controllers })
    class ToysModule {}
    const app = await NestFactory.create<NestFastifyApplication>(ToysModule, new FastifyAdapter(), { logger: false });
    requireConditionalWrites(app.getHttpAdapter().getInstance() as unknown as FastifyInstance);
    try {
      await app.listen(0, '127.0.0.1');
    } finally {
      await app.close();
    }
  };

  it('does not start when a write of a resource with an ETag takes no conditions', async () => {
    await expect(start([ReadToys, ConditionalToys, DeafToys])).rejects.toThrow(
      'have no @Conditional() parameter: PUT /toys/:',
    );
  });

  it('starts when all take them, whatever they call their parameters', async () => {
    await start([ReadToys, ConditionalToys]);
  });
});
