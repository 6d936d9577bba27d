import { cutPage, parsePageRequest } from './paging';

describe('parsePageRequest', () => {
  it('has defaults', () => {
    expect(parsePageRequest({})).toEqual({ cursor: null, limit: 20, direction: 'backward' });
  });

  it.each(['0', '-1', '101', '1e9', 'NaN', '', ' 5', '5.5', ['1', '2'], {}, null, Infinity, 0.5])(
    'refuses the limit %j',
    (limit) => {
      expect(() => parsePageRequest({ limit })).toThrow('whole number from 1 to 100');
    },
  );

  it.each(['x', '0123', { $ne: null }, 'ABCDEFABCDEFABCDEFABCDEF', null, ''])('refuses the cursor %j', (cursor) => {
    expect(() => parsePageRequest({ cursor })).toThrow('not one that a page handed out');
  });

  it.each(['up', 'Forward', ['forward', 'backward'], null])('refuses the direction %j', (direction) => {
    expect(() => parsePageRequest({ direction })).toThrow('"forward" (newer) or "backward" (older)');
  });
});

describe('cutPage', () => {
  const request = { cursor: null, limit: 2, direction: 'backward' } as const;

  it('has a next cursor exactly when there is more', () => {
    expect(cutPage(['c', 'b', 'a'], request, (row) => row)).toEqual({
      data: ['c', 'b'],
      page: { next_cursor: 'b', has_more: true, limit: 2, direction: 'backward' },
    });
    expect(cutPage(['c', 'b'], request, (row) => row).page).toMatchObject({ next_cursor: null, has_more: false });
    expect(cutPage([], request, (row: string) => row).page).toMatchObject({ next_cursor: null, has_more: false });
  });
});
