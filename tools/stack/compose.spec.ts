import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { operatorsConfig, readSections, runtimeConfig } from '#caas/platform/config';
import { monitoringConfig } from '#caas/platform/health';
import { httpConfig } from '#caas/platform/http';
import { loggingConfig } from '#caas/platform/logging';
import { storageConfig } from '#caas/platform/storage';
import { tenancyConfig } from '#caas/tenancy';
import { repositoryRoot } from './repository';

/**
 * Docker does not run where these tests do: so the files are read as Docker would, and held to what they promise. What only a
 * running container can show is not shown here.
 */
const root = repositoryRoot();
const read = (file: string) => readFileSync(join(root, file), 'utf8');

interface Service {
  image: string;
  build?: { target: string };
  command?: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  volumes?: string[];
  networks?: string[];
  ports?: string[];
  configs?: { source: string; target: string }[];
  healthcheck?: { test: string[] };
  restart?: string;
  deploy?: { replicas: number };
  user?: string;
  read_only?: boolean;
  mem_limit?: string;
}

interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  networks: Record<string, unknown>;
  configs: Record<string, { content: string }>;
}

const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const service = (name: string) => compose.services[name] as Service;
const ONE_SHOT = ['mongo-init', 's3-init'];

describe('docker-compose.yml', () => {
  it('has every part of a production set', () => {
    expect(Object.keys(compose.services).sort()).toEqual(
      ['api', 'mongo-1', 'mongo-2', 'mongo-3', 'mongo-init', 'proxy', 'redis', 's3', 's3-init', 'worker'].sort(),
    );
    expect(service('api').deploy?.replicas).toBe(2);
  });

  it('refers to nothing that is not there', () => {
    for (const [name, { depends_on = {}, volumes = [], networks = [], configs = [] }] of services) {
      const named = volumes.map((volume) => volume.split(':')[0] as string);
      expect({ name, missing: Object.keys(depends_on).filter((other) => !compose.services[other]) }).toEqual({
        name,
        missing: [],
      });
      expect({ name, missing: named.filter((volume) => !(volume in compose.volumes)) }).toEqual({ name, missing: [] });
      expect({ name, missing: networks.filter((network) => !(network in compose.networks)) }).toEqual({
        name,
        missing: [],
      });
      expect({ name, missing: configs.filter(({ source }) => !compose.configs[source]) }).toEqual({
        name,
        missing: [],
      });
    }
    const used = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0]));
    expect(Object.keys(compose.volumes).filter((volume) => !used.includes(volume))).toEqual([]);
    const configs = services.flatMap(([, { configs: own = [] }]) => own.map(({ source }) => source));
    expect(Object.keys(compose.configs).sort()).toEqual(configs.sort());
  });

  it('waits for health where it depends on a service, and for the end where on a task', () => {
    for (const [, { depends_on = {} }] of services) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(condition).toBe(ONE_SHOT.includes(other) ? 'service_completed_successfully' : 'service_healthy');
        if (!ONE_SHOT.includes(other)) expect(service(other).healthcheck?.test.length).toBeGreaterThan(1);
      }
    }
  });

  it('pins every image to a version', () => {
    const foreign = services.filter(([, { build }]) => !build).map(([, { image }]) => image);
    for (const image of foreign) expect(image).toMatch(/^[a-z0-9/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$/);
    expect(new Set(foreign.filter((image) => image.startsWith('mongo:'))).size).toBe(1);
    expect(service('mongo-1').image).toMatch(/^mongo:8\./);
    expect(service('redis').image).toMatch(/^redis:7\./);
  });

  it('starts everything again that is meant to run, and keeps its data in a named volume', () => {
    for (const [name, { restart }] of services)
      expect(restart).toBe(ONE_SHOT.includes(name) ? 'on-failure' : 'unless-stopped');
    for (const name of ['mongo-1', 'mongo-2', 'mongo-3', 'redis', 's3'])
      expect(service(name).volumes?.length).toBeGreaterThan(0);
    for (const name of ['mongo-1', 'mongo-2', 'mongo-3'])
      expect(service(name).volumes?.join()).toContain(`${name}:/data/db`);
  });

  it('runs the replica set that the api connects to, with the user that its init makes', () => {
    const uri = new URL(
      service('api')
        .environment?.['MONGODB_URI']?.replace(/\$\{[^}]*\}/, 'secret')
        .replace(/,mongo-[23]:27017/g, '') as string,
    );
    const set = uri.searchParams.get('replicaSet');
    for (const name of ['mongo-1', 'mongo-2', 'mongo-3']) {
      expect(service(name).command?.join()).toContain(`--replSet ${set} --keyFile`);
      expect(service('api').environment?.['MONGODB_URI']).toContain(`${name}:27017`);
    }
    const init = compose.configs['mongo-init']?.content;
    expect(init).toContain(`replSetInitiate: { _id: '${set}', members }`);
    expect(init).toContain(`createUser({ user: '${uri.username}'`);
    // Compose reads it first: a single dollar would be taken for a variable of its own.
    const script = init?.replaceAll('$$', '$') as string;
    expect(() => new Function(script)).not.toThrow();
    expect(init?.replaceAll('$$', '')).not.toContain('$');
  });

  it('runs Redis with its append-only file and without evictions', () => {
    expect(service('redis').command?.join()).toMatch(/--appendonly yes .*--maxmemory-policy noeviction/);
  });

  it('opens one port, on loopback unless told otherwise, and keeps the proxy away from the data', () => {
    const ports = services.flatMap(([name, { ports: own = [] }]) => own.map((port) => [name, port]));
    expect(ports).toEqual([['proxy', '${CAAS_LISTEN:-127.0.0.1:3000}:8080']]);
    expect(service('proxy').networks).toEqual(['edge']);
    for (const name of ['mongo-1', 'mongo-2', 'mongo-3', 'redis', 's3'])
      expect(service(name).networks).toEqual(['engines']);
  });

  it('proxies without sticky sessions: websocket only, any api', () => {
    const proxy = compose.configs['proxy']?.content.replaceAll('$$', '$') as string;
    expect(proxy).toContain('server api:3000 resolve;');
    expect(proxy).toContain('if ($arg_transport = polling) { return 400; }');
    expect(proxy).toMatch(/proxy_set_header Upgrade \$http_upgrade;[\s\S]*proxy_set_header Connection upgrade;/);
    expect(proxy).not.toMatch(/ip_hash|sticky|hash /);
    expect(proxy.match(/\{/g)?.length).toBe(proxy.match(/\}/g)?.length);
  });

  it('bounds the memory of each service, and looks after each that runs on', () => {
    for (const [name, { mem_limit, healthcheck }] of services) {
      if (ONE_SHOT.includes(name)) continue;
      expect({ name, bounded: mem_limit, health: healthcheck?.test.length }).toEqual({
        name,
        bounded: expect.stringMatching(/^\d+[mg]$/) as string,
        health: expect.any(Number) as number,
      });
    }
    expect(service('worker').networks).toEqual(['engines']);
  });

  it('takes every secret from the environment and starts with none missing', () => {
    const variables = [...text.matchAll(/(?<!\$)\$\{([A-Z0-9_]+)(:[-?])?/g)].map(([, name, rule]) => ({ name, rule }));
    const secrets = variables.filter(({ name }) => /PASSWORD|KEY|SECRET/.test(name ?? ''));
    expect(new Set(secrets.map(({ name }) => name))).toEqual(
      new Set([
        'MONGO_ROOT_PASSWORD',
        'MONGO_APP_PASSWORD',
        'MONGO_KEYFILE',
        'REDIS_PASSWORD',
        'S3_SECRET_ACCESS_KEY',
        'PLATFORM_ADMIN_KEY',
        'SECRETS_KEY',
      ]),
    );
    expect(secrets.filter(({ rule }) => rule !== ':?')).toEqual([]);
    expect(variables.filter(({ rule }) => rule === undefined)).toEqual([]);
    // What the header tells one to put into .env is exactly what is asked for.
    const told = /for name in ([A-Z0-9_ ]+)/.exec(text)?.[1]?.split(' ');
    expect(new Set(told)).toEqual(new Set(secrets.map(({ name }) => name)));
  });

  it('gives api and worker the same engines', () => {
    // What only an api has a use for: where it listens, whom it believes, and the key of operators.
    const {
      HOST: _host,
      PORT: _port,
      TRUSTED_PROXIES: _t,
      PLATFORM_ADMIN_KEY: _k,
      ...api
    } = service('api').environment ?? {};
    expect(service('worker').environment).toEqual(api);
    expect(api['NODE_ENV']).toBe('production');
  });

  it('gives them variables that the configuration has, with values that it takes', () => {
    const sections = [
      runtimeConfig,
      operatorsConfig,
      loggingConfig,
      httpConfig,
      monitoringConfig,
      tenancyConfig,
      storageConfig,
    ];
    const filledIn = Object.entries(service('api').environment ?? {}).map(([name, value]) => [
      name,
      value.replace(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1').replace(/\$\{[^}]*\}/g, 'a'.repeat(64)),
    ]);
    expect(() => readSections(sections, Object.fromEntries(filledIn))).not.toThrow();
    const known = sections.flatMap(({ entries }) => Object.keys(entries));
    const unknown = filledIn.map(([name]) => name as string).filter((name) => !known.includes(name));
    expect(unknown).toEqual([]);
  });

  it('keeps objects in the bucket that its init makes, under the key that the S3 server knows', () => {
    const { S3_BUCKET, S3_ACCESS_KEY_ID, S3_ENDPOINT } = service('api').environment ?? {};
    expect(service('s3-init').command?.join()).toContain(`s3.bucket.create -name ${S3_BUCKET}`);
    const [identity] = JSON.parse(compose.configs['s3']?.content ?? '').identities;
    expect(identity.credentials[0].accessKey).toBe(S3_ACCESS_KEY_ID);
    expect(identity.actions).toContain(`Write:${S3_BUCKET}`);
    expect(service('s3').healthcheck?.test.join()).toContain(`:${new URL(S3_ENDPOINT as string).port}/`);
  });

  it('runs entries that the build makes', () => {
    for (const app of ['api', 'worker']) {
      const entry = service(app).command?.at(-1) as string;
      expect(existsSync(join(root, entry.replace(/^dist\//, '').replace(/\.js$/, '.ts')))).toBe(true);
      expect(service(app).read_only).toBe(true);
    }
  });
});

describe('Dockerfile', () => {
  const lines = read('Dockerfile')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'));
  const stages = lines
    .filter((line) => line.startsWith('FROM '))
    .map((line) => /^FROM (\S+) AS (\S+)$/.exec(line)?.slice(1));
  const lastStage = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));

  it('builds in stages on Node 24, and ends with the one that compose runs', () => {
    expect(stages.map((stage) => stage?.[1])).toEqual(['base', 'build', 'dependencies', 'runtime']);
    expect(stages[0]?.[0]).toMatch(/^node:24\.\d+\.\d+-/);
    expect(new Set(stages.slice(1).map((stage) => stage?.[0]))).toEqual(new Set(['base']));
    expect(service('api').build?.target).toBe(stages.at(-1)?.[1]);
  });

  it('runs as somebody who is not root, and whose code is not theirs to change', () => {
    const user = lastStage.findIndex((line) => line.startsWith('USER '));
    expect(lastStage[user]).toBe('USER node');
    expect(lastStage.slice(user).some((line) => /^(RUN|COPY)/.test(line))).toBe(false);
    expect(lastStage.filter((line) => /^COPY .*--chown/.test(line))).toEqual([]);
  });

  it('copies from stages that exist and, from the checkout, only what .dockerignore lets in', () => {
    const names = stages.map((stage) => stage?.[1]);
    const allowed = read('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    for (const line of lines.filter((each) => each.startsWith('COPY '))) {
      const from = /--from=(\S+)/.exec(line)?.[1];
      const sources = line
        .split(/\s+/)
        .slice(1, -1)
        .filter((word) => !word.startsWith('--'));
      if (from) expect(names).toContain(from);
      else expect(sources.filter((source) => !allowed.includes(source))).toEqual([]);
    }
    for (const file of allowed) expect(existsSync(join(root, file))).toBe(true);
  });

  it('ships no development dependency', () => {
    expect(lastStage.find((line) => line.includes('node_modules'))).toBe(
      'COPY --from=dependencies /app/node_modules node_modules',
    );
    expect(lines).toContain('RUN npm ci --omit=dev --ignore-scripts');
  });
});
