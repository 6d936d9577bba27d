import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LogRotation } from './log-rotation';

describe('LogRotation', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'caas-logs-'));
    file = join(folder, 'x.log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('keeps the two before, and lets the process go on in the same file', () => {
    const rotation = new LogRotation(file, 10);
    writeFileSync(file, '');
    const inode = statSync(file).ino;
    for (const round of ['first', 'second', 'third', 'fourth']) {
      appendFileSync(file, `${round} and more than ten bytes\n`);
      rotation.rotateWhenLong();
    }
    appendFileSync(file, 'fifth\n');
    rotation.rotateWhenLong();
    expect(readdirSync(folder).sort()).toEqual(['x.log', 'x.log.1', 'x.log.2']);
    const firstWords = ['x.log', 'x.log.1', 'x.log.2'].map(
      (name) => readFileSync(join(folder, name), 'utf8').split(/\s/)[0],
    );
    expect(firstWords).toEqual(['fifth', 'fourth', 'third']);
    expect(statSync(file).ino).toBe(inode);
  });

  it('does nothing to a log that is short or is not there', () => {
    const rotation = new LogRotation(file, 10);
    rotation.rotateWhenLong();
    writeFileSync(file, 'short\n');
    rotation.rotateWhenLong();
    expect(readdirSync(folder)).toEqual(['x.log']);
  });
});
