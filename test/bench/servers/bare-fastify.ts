/** What an empty authenticated route is measured against: fastify with one route that answers an empty object. */
import fastify from 'fastify';

const app = fastify();
app.get('/empty', () => ({}));
app.get('/health/ready', () => ({}));
process.once('SIGTERM', () => process.exit(0));
void app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
