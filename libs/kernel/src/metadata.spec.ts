import { MAX_METADATA_BYTES, metadataProblem } from './metadata';

const nested = (levels: number): unknown => (levels === 0 ? 'leaf' : { inner: nested(levels - 1) });

it('takes any JSON object within its bounds, and says what is wrong with another', () => {
  expect(metadataProblem({})).toBeNull();
  expect(['text', null, [], 1].map(metadataProblem)).toEqual(Array(4).fill('an object'));
  expect([nested(16), nested(17)].map(metadataProblem)).toEqual([null, 'nested at most 16 deep']);
  const room = MAX_METADATA_BYTES - JSON.stringify({ text: '' }).length;
  expect(metadataProblem({ text: 'a'.repeat(room) })).toBeNull();
  expect(metadataProblem({ text: 'ä'.repeat(room) })).toBe('at most 8192 bytes of JSON');
});
