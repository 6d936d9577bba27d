import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngines } from '../engines';
import { freePort } from '../process/ports';
import { repositoryRoot } from '../repository';

/**
 * A stand-in for mongod, which Debian does not have: it notes its arguments and the admin commands it is sent, and answers
 * those as a real one does before and after it is told to be a replica set.
 */
const MONGOD = `#!${process.execPath}
const fs = require('fs'), net = require('net'), path = require('path');
const { deserialize, serialize } = require(${JSON.stringify(require.resolve('bson'))});
const { ScramLogin, ScramVerifier } = require(${JSON.stringify(join(repositoryRoot(), 'dist/libs/documentdb-gateway/src/auth/scram.js'))});
const option = (name) => process.argv[process.argv.indexOf(name) + 1];
const file = path.join(option('--dbpath'), 'config.json'), log = path.join(option('--dbpath'), 'commands');
fs.appendFileSync(log, 'argv ' + process.argv.slice(2).join(' ') + '\\n');
const config = () => fs.existsSync(file) ? JSON.parse(fs.readFileSync(file)) : undefined;
const me = '127.0.0.1:' + option('--port');
const password = () => fs.readFileSync(path.join(option('--dbpath'), '..', 'mongodb-password'), 'utf8').trim();
function answer(command, session) {
  const [name] = Object.keys(command);
  if (name === 'saslStart') return (session.login = new ScramLogin(new ScramVerifier({ user: 'caas', password: password() }))).start(command);
  if (name === 'saslContinue') return session.login.continue(command);
  if (name === 'replSetReconfig' && process.argv.includes('--keyFile') && !session.login?.authenticated) return { ok: 0, code: 13, errmsg: 'requires authentication' };
  if (name === 'hello' || name === 'ismaster' || name === 'isMaster') {
    const set = config();
    const primary = set?.members[0].host === me;
    return { ok: 1, isWritablePrimary: primary, ismaster: primary, helloOk: true, minWireVersion: 0, maxWireVersion: 25,
      maxBsonObjectSize: 16777216, maxMessageSizeBytes: 48000000, maxWriteBatchSize: 100000, localTime: new Date(),
      ...(set && { setName: set._id, hosts: [me], me, primary: me, setVersion: set.version }) };
  }
  if (name.startsWith('replSet') || name === 'createUser') fs.appendFileSync(log, name + '\\n');
  if (name === 'replSetGetConfig') return config() ? { ok: 1, config: config() } : { ok: 0, code: 94, codeName: 'NotYetInitialized', errmsg: 'no replset config' };
  if (name === 'replSetInitiate' || name === 'replSetReconfig') fs.writeFileSync(file, JSON.stringify({ version: 1, ...command[name] }));
  return { ok: 1 };
}
net.createServer((socket) => {
  const session = {};
  let input = Buffer.alloc(0);
  socket.on('error', () => {}).on('data', (chunk) => {
    input = Buffer.concat([input, chunk]);
    while (input.length >= 4 && input.length >= input.readInt32LE(0)) {
      const frame = input.subarray(0, input.readInt32LE(0));
      input = input.subarray(frame.length);
      const isQuery = frame.readInt32LE(12) === 2004;
      const at = isQuery ? frame.indexOf(0, 20) + 9 : 21;
      const body = serialize(answer(deserialize(frame.subarray(at, at + frame.readInt32LE(at))), session));
      const head = Buffer.alloc(isQuery ? 36 : 21);
      head.writeInt32LE(head.length + body.length, 0);
      head.writeInt32LE(frame.readInt32LE(4), 8);
      head.writeInt32LE(isQuery ? 1 : 2013, 12);
      if (isQuery) head.writeInt32LE(1, 32);
      socket.write(Buffer.concat([head, body]));
    }
  });
}).listen(Number(option('--port')), '127.0.0.1');
`;

describe('a mongod on the PATH', () => {
  let folder: string;
  const before = { ...process.env };
  const commands = () =>
    readFileSync(join(folder, 'data', 'mongodb', 'commands'), 'utf8')
      .trim()
      .split('\n');
  const start = (port?: number) =>
    startEngines({
      dataDir: join(folder, 'data'),
      redisUrl: 'redis://elsewhere:6379',
      ports: port ? { mongod: port } : {},
    });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'caas-mongod-'));
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin', 'mongod'), MONGOD);
    chmodSync(join(folder, 'bin', 'mongod'), 0o755);
    process.env['PATH'] = `${join(folder, 'bin')}:${before['PATH']}`;
  });
  afterEach(() => {
    process.env = { ...before };
    rmSync(folder, { recursive: true });
  });

  it('is used instead of DocumentDB, as a replica set of one, made on the first start only', async () => {
    const first = await start();
    expect(Object.keys(first.processes)).toEqual(['mongod']);
    expect(first.mongodbUri).toMatch(
      /^mongodb:\/\/caas:[\w-]{43}@127\.0\.0\.1:\d+\/\?replicaSet=caas&authSource=admin$/,
    );
    expect(first.redisUrl).toBe('redis://elsewhere:6379');
    await first.stop();
    const second = await start();
    await second.stop();

    const starts = commands().map((line) => line.replace(/^argv .*--dbpath \S+/, 'started'));
    expect(starts).toEqual([
      'started',
      'replSetGetConfig',
      'replSetInitiate',
      'createUser',
      expect.stringMatching(/^started --keyFile .*\/mongodb-keyfile$/),
      expect.stringMatching(/^started --keyFile .*\/mongodb-keyfile$/),
    ]);
    expect(commands()[0]).toMatch(/--replSet caas --bind_ip 127\.0\.0\.1 --port \d+ --dbpath .*\/mongodb$/);
    expect(statSync(join(folder, 'data', 'mongodb-keyfile')).mode & 0o777).toBe(0o600);
    expect(existsSync(join(folder, 'data', 'postgres'))).toBe(false);
  });

  it('is told where it is when its port has changed', async () => {
    await (await start()).stop();
    await (await start(await freePort())).stop();
    const told = commands().filter((line) => !line.startsWith('argv'));
    // By its own user, and never open to others.
    expect(told.slice(-2)).toEqual(['replSetGetConfig', 'replSetReconfig']);
    expect(commands().filter((line) => line.startsWith('argv') && !line.includes('--keyFile'))).toHaveLength(1);
  });

  it('gives its user another password when that was lost', async () => {
    await (await start()).stop();
    rmSync(join(folder, 'data', 'mongodb-password'));
    const { mongodbUri, stop } = await start();
    await stop();
    expect(commands().filter((line) => line === 'createUser')).toHaveLength(2);
    expect(mongodbUri).toContain(readFileSync(join(folder, 'data', 'mongodb-password'), 'utf8').trim());
  });

  it('does not take over a data folder that DocumentDB has written', async () => {
    mkdirSync(join(folder, 'data', 'postgres', 'cluster'), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'bin', 'unshare'), '#!/bin/sh\necho "the cluster was asked for"; exit 1\n');
    chmodSync(join(folder, 'bin', 'unshare'), 0o755);
    process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
    const root = join(folder, 'cache', 'caas', 'documentdb', `forky-${process.arch}-v1`);
    mkdirSync(root, { recursive: true });
    writeFileSync(join(root, 'complete'), '');
    await expect(start()).rejects.toThrow(/the cluster was asked for/);
  });

  it('says so when the data were written by a mongod that is gone', async () => {
    await (await start()).stop();
    process.env['PATH'] = before['PATH'];
    await expect(start()).rejects.toThrow(/written by a mongod, and there is none on the PATH/);
  });
});
