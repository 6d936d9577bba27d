import { Ffmpeg } from './ffmpeg';
import { Poppler } from './poppler';
import { ToolsCheck } from './tools-check';

it('A worker without ffmpeg and poppler says so once at its start, and that only the former is missed', async () => {
  const config = { FFMPEG_PATH: '/nowhere', FFMPEG_THREADS: 1, FFMPEG_TIMEOUT: 1_000 };
  const [add, warn] = [jest.fn(), jest.fn()];
  const check = new ToolsCheck(new Ffmpeg(config), new Poppler(config), { add } as never, { root: { warn } } as never);
  await check.onModuleInit();
  expect(warn.mock.calls).toEqual([
    [expect.stringMatching(/^ffmpeg is not installed/)],
    [expect.stringMatching(/^poppler-utils is not installed: PDFs are kept without a preview/)],
  ]);
  expect(add.mock.calls.map(([name]) => name as string)).toEqual(['video tools']);
});
