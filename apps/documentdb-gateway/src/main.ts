import { env } from 'node:process';
import { parseArgs } from 'node:util';
import { DocumentDbGateway, type GatewayOptions } from '#caas/documentdb-gateway';

const USAGE = `A MongoDB-wire server in front of DocumentDB.

  --listen HOST:PORT      where clients connect (127.0.0.1:27017; port 0 takes a free one)
  --public                allow a HOST that is not loopback
  --postgres HOST:PORT    the PostgreSQL with the DocumentDB extension (127.0.0.1:5432)
  --postgres-user NAME    (postgres)
  --postgres-database N   (postgres); its password is taken from PGPASSWORD
  --pool N                PostgreSQL connections for commands (12)
  --transactions N        connections for open transactions (48)
  --cursors N             connections for cursors that the engine keeps in their session (32)
  --user NAME             with --password-file: clients must log in by SCRAM-SHA-256
  --password-file FILE
  --enable-test-commands  serve configureFailPoint, for tests; refused where NODE_ENV is production
`;

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

async function main(): Promise<void> {
  const options = await readOptions(process.argv.slice(2));
  const gateway = new DocumentDbGateway(options);
  const port = await gateway.start();
  console.log(JSON.stringify({ ready: true, port }));
  const stop = () => void gateway.stop().finally(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

async function readOptions(argv: string[]): Promise<GatewayOptions> {
  const { values } = parseArgs({
    args: argv,
    options: {
      listen: { type: 'string', default: '127.0.0.1:27017' },
      public: { type: 'boolean', default: false },
      postgres: { type: 'string', default: '127.0.0.1:5432' },
      'postgres-user': { type: 'string', default: 'postgres' },
      'postgres-database': { type: 'string', default: 'postgres' },
      pool: { type: 'string', default: '12' },
      transactions: { type: 'string', default: '48' },
      cursors: { type: 'string', default: '32' },
      user: { type: 'string' },
      'password-file': { type: 'string' },
      'enable-test-commands': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const listen = hostAndPort(values.listen, '--listen');
  if (!LOOPBACK.test(listen.host) && !values.public) {
    throw new Error(`--listen ${values.listen} can be reached from outside: add --public if that is meant`);
  }
  if (values['enable-test-commands'] && env.NODE_ENV === 'production') {
    throw new Error('--enable-test-commands lets any client make commands fail: it is refused in production');
  }
  return {
    ...listen,
    postgres: {
      ...hostAndPort(values.postgres, '--postgres'),
      user: values['postgres-user'],
      database: values['postgres-database'],
    },
    pool: {
      commands: count(values.pool, '--pool'),
      transactions: count(values.transactions, '--transactions'),
      cursors: count(values.cursors, '--cursors'),
    },
    testCommands: values['enable-test-commands'],
    credential: await credentialOf(values.user, values['password-file']),
  };
}

async function credentialOf(user?: string, file?: string): Promise<GatewayOptions['credential']> {
  if (user === undefined && file === undefined) return undefined;
  if (user === undefined || file === undefined) throw new Error('--user and --password-file go together');
  const { readFile } = await import('node:fs/promises');
  return { user, password: (await readFile(file, 'utf8')).trimEnd() };
}

function hostAndPort(value: string, option: string): { host: string; port: number } {
  const match = /^\[?([^\]]+?)\]?:(\d{1,5})$/.exec(value);
  if (!match || Number(match[2]) > 65_535) throw new Error(`${option} wants HOST:PORT, not "${value}"`);
  return { host: match[1]!, port: Number(match[2]) };
}

function count(value: string, option: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1) throw new Error(`${option} wants a number of 1 or more, not "${value}"`);
  return number;
}

main().catch((error: Error) => {
  console.error(`documentdb-gateway: ${error.message}`);
  process.exit(1);
});
