/** The least that takes the same uploads: a tus server with its own file store, and nothing else. */
import { createServer } from 'node:http';
import { join } from 'node:path';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const tus = new Server({
  path: '/v1/files/uploads',
  relativeLocation: true,
  datastore: new FileStore({ directory: join(process.env['DATA_DIR']!, 'bare-tus') }),
});

createServer((request, response) => {
  if (request.url === '/health/ready') return void response.end('ok');
  void tus.handle(request, response);
}).listen(Number(process.env['PORT']), '127.0.0.1');
