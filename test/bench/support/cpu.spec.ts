import { spawnSync } from 'node:child_process';
import { increase, sum, together } from './account';
import { cpuByRole } from './cpu';
import { kindOfPostgres } from './postgres-cpu';

const BUSY = 'const until = Date.now() + 300; while (Date.now() < until);';

describe('an account of CPU time', () => {
  it('counts a child that has ended for its parent, and nothing twice', () => {
    const roles = { test: process.pid };
    const before = cpuByRole(roles);
    spawnSync(process.execPath, ['-e', BUSY]);
    expect(increase(before, cpuByRole(roles))['test']).toBeGreaterThan(0.1);
  });

  it('gives a process to the nearest of its ancestors that has a role', () => {
    const { test, parent } = cpuByRole({ parent: process.ppid, test: process.pid });
    expect(test).toBeGreaterThan(0);
    expect(sum(cpuByRole({ parent: process.ppid }))).toBeGreaterThanOrEqual(parent! + test! - 0.05);
  });

  it('adds up by role', () => {
    expect(together([{ api: 1, redis: 2 }, { api: 3 }])).toEqual({ api: 4, redis: 2 });
  });
});

describe("the kind of a PostgreSQL server's process", () => {
  it.each([
    ['postgres: postgres documentdb 127.0.0.1(40022) idle in transaction', 'backends and processes that ended'],
    ['postgres: postgres postgres [local] idle', 'backends and processes that ended'],
    ['postgres: walwriter ', 'walwriter'],
    ['postgres: io worker 2', 'io worker'],
    ['postgres: documentdb bg worker leader ', 'documentdb bg worker leader'],
    ['/usr/lib/postgresql/18/bin/postgres -D /data', null],
    ['node main.js', null],
  ])('of %s is %s', (title, kind) => {
    expect(kindOfPostgres(title)).toBe(kind);
  });
});
