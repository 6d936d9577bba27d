import { request as httpRequest } from 'node:http';
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Module,
  Param,
  Patch,
  Post,
  Put,
  Res,
  type Type,
} from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiOkResponse, ApiProperty } from '@nestjs/swagger';
import { IsInt, IsObject, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';
import type { ObjectId } from 'bson';
import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import {
  CaasError,
  conflict,
  DuplicateKeyError,
  Preconditions,
  versioned,
  type ErrorKind,
  type PageRequest,
} from '#caas/kernel';
import { ConfigModule, runtimeConfig } from '#caas/platform/config';
import { loggingConfig, LoggingModule } from '#caas/platform/logging';
import { EntityTag } from './entity-tags';
import { BodyLimit } from './hooks';
import { createHttpApplication } from './http-application';
import { httpConfig } from './http.config';
import { HttpModule } from './http.module';
import { IdParam, TenantIdParam } from './path-params';
import { Conditional } from './preconditions';
import { AllowQuery, PageQuery, PageQueryDto, QueryParams } from './query';
import { IsObjectList } from './structured-fields';

class ToyPart {
  @IsString()
  @Length(1, 10)
  part_name: string;
}

class CreateToy {
  @IsString()
  @Length(1, 20)
  display_name: string;

  @IsOptional()
  @IsObjectList(() => ToyPart, { max: 100, keyOf: ({ part_name }) => part_name })
  parts?: ToyPart[];

  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  weight?: number;

  @IsOptional()
  @IsObject()
  metadata?: Record<string, unknown>;
}

class ToyView {
  @ApiProperty()
  id: string;

  @ApiProperty({ type: String, nullable: true })
  note: string | null;

  @ApiProperty({ enum: ['red', 'blue'], nullable: true })
  colour: string | null;

  @ApiProperty({ type: () => ToyView, nullable: true })
  parent: object | null;
}

class ListToys extends PageQueryDto {
  @IsOptional()
  @IsString()
  @Length(1, 20)
  q?: string;

  @IsOptional()
  @Matches(/^\d{1,3}$/)
  after_seq?: string;
}

/** The state of the toy at `/toys/:id`. */
export const shelf = { isEmpty: false, seenBy: 'anna' };

export const gate: { open: () => void; opened: Promise<void> } = { open: () => undefined, opened: Promise.resolve() };

@Controller('toys')
class ToysController {
  @Post()
  create(@Body() toy: CreateToy): CreateToy {
    return toy;
  }

  @Post('large')
  @BodyLimit(64 * 1024)
  createLarge(@Body() toy: CreateToy): number {
    return JSON.stringify(toy).length;
  }

  @Get()
  list(@PageQuery() page: PageRequest, @QueryParams() query: ListToys): unknown {
    return { page, query };
  }

  @Get('paged')
  paged(@PageQuery() page: PageRequest): PageRequest {
    return page;
  }

  @Get('named')
  @AllowQuery('name')
  named(): string {
    return 'ok';
  }

  @Get('slow')
  async slow(): Promise<{ done: true }> {
    await gate.opened;
    return { done: true };
  }

  @Get('broken-stream')
  brokenStream(@Res() reply: FastifyReply): void {
    const chunks = (async function* () {
      yield 'x'.repeat(100_000);
      throw new Error('the disk is gone: hush');
    })();
    void reply.type('text/plain').send(Readable.from(chunks));
  }

  @Get(':id')
  @EntityTag()
  @ApiOkResponse({ type: ToyView })
  get(@IdParam() id: ObjectId): object {
    return versioned({ id: id.toHexString(), seen_by: shelf.seenBy }, 3);
  }

  @Get(':id/untagged')
  untagged(@IdParam() id: ObjectId): object {
    return versioned({ id: id.toHexString() }, 3);
  }

  @Put(':id')
  put(@IdParam() _id: ObjectId, @Conditional() preconditions: Preconditions): object {
    preconditions.require(shelf.isEmpty ? null : 3);
    return { done: true };
  }

  @Patch(':id')
  change(@IdParam() id: ObjectId, @Conditional() preconditions: Preconditions): object {
    preconditions.require(3);
    return versioned({ id: id.toHexString() }, 4);
  }

  @Delete(':id')
  @HttpCode(204)
  remove(@IdParam() _id: ObjectId, @Conditional() preconditions: Preconditions): void {
    preconditions.require(3);
  }

  @Get('of/:id')
  ofTenant(@TenantIdParam() id: string): string {
    return id;
  }
}

@Controller('failures')
class FailuresController {
  @Get('kinds/:kind')
  kind(@Param('kind') kind: ErrorKind): never {
    throw new CaasError(kind, 'some_code', 'Said to the client.', [], { retryAfterSeconds: 7 });
  }

  @Get('duplicate')
  duplicate(): never {
    throw new DuplicateKeyError('users', ['external_id']);
  }

  @Get('away')
  away(): never {
    throw Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:27017'), { name: 'MongoServerSelectionError' });
  }

  @Get('bug')
  bug(): never {
    throw new TypeError('hush: cannot read properties of undefined');
  }

  @Get('nothing')
  nothing(): never {
    throw null;
  }

  @Get('versioned')
  versioned(@Res({ passthrough: true }) reply: FastifyReply): never {
    void reply.header('ETag', '"1"');
    throw conflict('busy', 'Busy.');
  }
}

interface ToysOptions {
  modules?: Type[];
  prepare?: (app: NestFastifyApplication) => void;
}

/** An application with toy routes, on a free port. `environment` is its whole configuration. */
export async function startToys(
  environment: Record<string, string> = {},
  { modules = [], prepare }: ToysOptions = {},
): Promise<{ app: NestFastifyApplication; url: string }> {
  const sections = [runtimeConfig, loggingConfig, httpConfig];

  @Module({
    imports: [
      ConfigModule.forRoot(sections, { LOG_LEVEL: 'silent', PORT: '0', ...environment }),
      LoggingModule,
      HttpModule,
      ...modules,
    ],
    controllers: [ToysController, FailuresController],
  })
  class ToysModule {}

  const app = await createHttpApplication(ToysModule);
  prepare?.(app);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

/** A request as written, for what `fetch` would not send. */
export function rawRequest(
  url: string,
  options: { method?: string; path: string; headers?: Record<string, string>; chunks?: string[] },
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const { path, method, headers } = options;
    const request = httpRequest({ hostname, port, path, method, headers, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      response.on('error', reject);
    });
    request.on('error', reject);
    for (const chunk of options.chunks ?? []) request.write(chunk);
    request.end();
  });
}
