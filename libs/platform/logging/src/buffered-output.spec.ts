import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { BufferedOutput } from './buffered-output';

function recorder() {
  const written: string[] = [];
  const target = Object.assign(new EventEmitter(), { write: (text: string) => written.push(text) > 0 });
  return { written, output: new BufferedOutput(target) };
}

describe('BufferedOutput', () => {
  it('writes lines together, soon', async () => {
    const { written, output } = recorder();
    output.write('a\n');
    output.write('b\n');
    expect(written).toEqual([]);
    while (written.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(written).toEqual(['a\nb\n']);
  });

  it('does not hold much back', () => {
    const { written, output } = recorder();
    for (let line = 0; line < 10_000; line++) output.write('x'.repeat(99) + '\n');
    output.flush();
    expect(written.join('')).toHaveLength(1_000_000);
    expect(Math.max(...written.map(({ length }) => length))).toBeLessThan(40_000);
  });

  it.each(['process.exit(3)', "throw new Error('x')", ''])('loses nothing when the process ends by: %s', (end) => {
    const source = readFileSync(join(__dirname, 'buffered-output.ts'), 'utf8');
    const { code } = transformSync(source, {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2024' },
      module: { type: 'commonjs' },
    });
    const script = `${code}\nconst o = new exports.BufferedOutput(process.stdout);
      for (let i = 0; i < 5000; i++) o.write('line ' + i + '\\n');\n${end}`;
    const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect(stdout.trim().split('\n')).toHaveLength(5000);
  });
});
