import { camel, pascal, sentence, words } from '../names';

export const contract = (name: string) => `
/** ${sentence(name)}: for the thing with that id. */
export const ${camel(name)} = {
  kind: 'tenant',
  queue: 'references',
  name: '${name}',
  version: 1,
  payload: z.strictObject({ id: objectId }),
} as const satisfies TenantJob;
`;

export const processor = (name: string) => `
import { Injectable } from '@nestjs/common';
import { ${camel(name)}, type JobPayload } from '#caas/contracts';
import type { RequestContext } from '#caas/kernel';
import { Log } from '#caas/platform/logging';
import { Handles, type TenantJobHandler } from '#caas/platform/queue';

/** May be killed at any instruction and is run again then: running twice leaves what running once does. */
@Injectable()
@Handles(${camel(name)})
export class ${pascal(name)}Processor implements TenantJobHandler<typeof ${camel(name)}> {
  constructor(private readonly log: Log) {}

  async handle(ctx: RequestContext, { id }: JobPayload<typeof ${camel(name)}>): Promise<void> {
    this.log.of(ctx).info({ id }, '${words(name)}');
  }
}
`;

export interface JobsModuleNames {
  library: string;
  Library: string;
  /** The module with the library's collections, and where it is. */
  base: { name: string; from: string } | undefined;
}

export const jobsModule = ({ library, Library, base }: JobsModuleNames) => `
import { Module } from '@nestjs/common';
${base ? `import { ${base.name} } from '${base.from}';` : ''}

/** What workers do for ${words(library)}. */
@Module({ ${base ? `imports: [${base.name}], ` : ''}providers: [] })
export class ${Library}JobsModule {}
`;
