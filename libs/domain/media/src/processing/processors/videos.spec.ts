import { fitting } from './videos';

describe('the size of 720p', () => {
  it.each([
    ['wide', [1920, 1080], [1280, 720]],
    ['upright', [1080, 1920], [720, 1280]],
    ['small, left as it is', [640, 360], [640, 360]],
    ['odd, made even', [321, 181], [322, 182]],
    ['a line', [4000, 1], [4000, 2]],
  ])('is that of a video that is %s', (_what, [width, height], [w, h]) => {
    expect(fitting({ width: width!, height: height! })).toEqual({ width: w, height: h });
  });
});
