import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { Queue } from 'bullmq';
import type { FastifyPluginCallback } from 'fastify';

/** Bull Board's pages as a plugin of Fastify, to be registered below `path`. */
export function boardPages(queues: Queue[], path: string): FastifyPluginCallback {
  const pages = new FastifyAdapter();
  pages.setBasePath(path);
  createBullBoard({
    queues: queues.map(adapterOf),
    // The board's adapter brings its own copy of the api's types.
    serverAdapter: pages as never,
    options: { uiConfig: { boardTitle: 'CaaS' } },
  });
  // The board handles every error itself. Rethrown, an error reaches the scope around the board.
  pages.setErrorHandler((error) => {
    throw error;
  });
  return pages.registerPlugin() as FastifyPluginCallback;
}

/** Shows each job's tenant beside its name: among a thousand jobs of one name, only the tenant distinguishes them. */
function adapterOf(queue: Queue): BullMQAdapter {
  const adapter = new BullMQAdapter(queue);
  adapter.setFormatter('name', ({ name, data }: { name: string; data?: { tenant_id?: unknown } }) =>
    typeof data?.tenant_id === 'string' ? `${name} · ${data.tenant_id}` : name,
  );
  return adapter;
}
