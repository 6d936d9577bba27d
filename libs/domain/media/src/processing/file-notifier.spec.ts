import { ObjectId } from 'bson';
import type { RequestContext } from '#caas/kernel';
import type { MediaMetadata } from '../persistence/media-metadata.schema';
import type { StoredFile } from '../persistence/file.schema';
import { FileNotifier } from './file-notifier';

const now = new Date();
const owner = { user_id: new ObjectId(), user_external_id: 'anna', user_display_name: 'Anna' };
const file = { _id: new ObjectId(), owner, status: 'processing', created_at: now, updated_at: now } as StoredFile;

describe('FileNotifier', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('tells of progress once a second at most, and only forwards', () => {
    const told: unknown[] = [];
    const realtime = {
      publish: (_ctx: unknown, audience: object, { data }: { data: { progress: number } }) =>
        told.push([audience, data.progress]),
    };
    const progress = new FileNotifier(realtime as never).progressOf({} as RequestContext, file, {} as MediaMetadata);
    for (const percent of [1, 2]) progress(percent);
    jest.advanceTimersByTime(1_000);
    for (const percent of [30, 31]) progress(percent);
    jest.advanceTimersByTime(1_000);
    for (const percent of [30, 99]) progress(percent);
    const audience = { userId: owner.user_id.toHexString() };
    expect(told).toEqual([
      [audience, 30],
      [audience, 99],
    ]);
  });

  it('has nobody to tell of what no user owns', () => {
    const publish = jest.fn();
    new FileNotifier({ publish } as never).tell({} as RequestContext, { ...file, owner: null }, null);
    expect(publish).not.toHaveBeenCalled();
  });
});
