import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIFFERENCES } from './differences';
import { differingIn } from './signs';

/** A table row without what aligns its columns. */
const plain = (line: string) =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));

describe('Differences from MongoDB', () => {
  it('are in the README, each in a row', () => {
    const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
    const [, section = ''] = readme.split('## Differences from MongoDB 8');
    const rows = section
      .split('\n## ')[0]!
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .slice(2);
    expect(rows.map(plain)).toEqual(DIFFERENCES.map(({ feature, mongodb, here }) => [feature, mongodb, here]));
  });

  it.each<[object, string[]]>([
    [{ find: 'a', filter: { $where: 'true' }, $db: 'x' }, ['$where']],
    [{ find: 'a', min: { a: 1 } }, ['find.min']],
    [{ count: 'a', query: {} }, ['count']],
    [{ update: 'a', updates: [{ q: {}, u: {}, sort: { a: 1 } }] }, ['update.updates.sort']],
    [{ aggregate: 'a', pipeline: [{ $facet: { x: [{ $out: 'b' }] } }] }, ['$out']],
    [{ insert: 'a', documents: [{ min: 1, text: '$where' }] }, []],
    [{ find: 'a', filter: { _id: new Date() }, sort: { a: 1 } }, []],
  ])('are told by their signs in %j', (command, signs) => expect(differingIn(command)).toEqual(signs));
});
