import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { repositoryRoot } from '../repository';
import { freePort, freePortRange } from './ports';

const PORTS = join(repositoryRoot(), 'dist/tools/stack/process/ports.js');

/** A process of its own that was given a port and holds it, unbound, until it is ended. */
async function another(): Promise<{ port: number; end: () => Promise<void> }> {
  const program = `require(${JSON.stringify(PORTS)}).freePort().then((port) => {
    process.stdout.write(String(port));
    setInterval(() => undefined, 1_000);
  })`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const end = async () => {
    child.kill();
    await exited;
  };
  return { port: Number(line.toString()), end };
}

describe('freePort', () => {
  it('never gives one port twice', async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
    expect(new Set(ports).size).toBe(50);
    expect(ports).not.toContain(await freePortRange(2));
  });

  it('gives a preferred one again to the process that has it', async () => {
    const port = await freePort();
    expect(await freePort(port)).toBe(port);
  });

  it('does not give what another running process was given and has not bound yet', async () => {
    const { port, end } = await another();
    expect(await freePort(port)).not.toBe(port);
    await end();
  });

  it('takes over the claim of a process that has ended', async () => {
    const { port, end } = await another();
    await end();
    expect(await freePort(port)).toBe(port);
  });

  it('does not give what something listens on', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(await freePort(port)).not.toBe(port);
    await new Promise((resolve) => server.close(resolve));
  });
});
