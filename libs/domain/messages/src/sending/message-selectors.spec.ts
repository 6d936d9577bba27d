import { readMessagePage } from './message-selectors';

describe('readMessagePage', () => {
  it('begins with the newest when nothing is asked', () => {
    expect(readMessagePage({})).toEqual({
      request: { cursor: null, limit: 20, direction: 'backward' },
      selector: {},
      selection: {},
    });
  });

  it.each([
    [{ after_seq: '0' }, 'forward', { after_seq: 0 }],
    [{ before_seq: '7' }, 'backward', { before_seq: 7 }],
    [{ around_seq: '7' }, 'backward', { around_seq: 7 }],
    [{ around_seq: '7', direction: 'forward' }, 'forward', { around_seq: 7 }],
  ])('reads %j', (query, direction, selector) => {
    expect(readMessagePage(query as Record<string, string>)).toMatchObject({ request: { direction }, selector });
  });

  it('takes a thread and what is pinned beside them', () => {
    const query = { thread_root_id: 'f'.repeat(24), pinned: 'true', after_seq: '3' };
    const { selector, selection } = readMessagePage(query);
    expect(selector).toEqual({ after_seq: 3 });
    expect(selection).toMatchObject({ pinned: true });
    expect(selection.thread_root_id?.toHexString()).toBe('f'.repeat(24));
    expect(() => readMessagePage({ thread_root_id: 'x' })).toThrow(expect.objectContaining({ code: 'invalid_id' }));
  });

  it.each([
    { pinned: 'false' },
    { after_seq: '1', before_seq: '2' },
    { after_seq: '1', cursor: 'f'.repeat(24) },
    { after_seq: '1', direction: 'backward' },
    { before_seq: '1', direction: 'forward' },
    { around_seq: '-1' },
    { around_seq: '1.5' },
    { after_seq: '' },
    { after_seq: '9'.repeat(16) },
  ])('refuses %j', (query) => {
    expect(() => readMessagePage(query as unknown as Record<string, string>)).toThrow(
      expect.objectContaining({ kind: 'invalid', code: 'invalid_selector' }),
    );
  });
});
