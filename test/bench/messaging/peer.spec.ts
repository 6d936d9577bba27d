import { parsePeerOutput } from './peer';

const line = (mode: string, figures: object) => JSON.stringify({ tag: 'a peer', mode, n: 50, min_med_max: figures });

const OUTPUT = `Setting up the server
{"tag":"a-peer","mode":"muc1","n":50,"min_med_max":{"accepted_s":"156 / 177.5 / 219","deliv_s":"7801 / 8855 / 10941","p50":"4.24 / 4.89 / 4.98","p99":"12.49 / 18.1 / 35.98","ack50":"3.92 / 4.46 / 4.67","srv_cpu":"0.55 / 0.63 / 0.7","cli_cpu":"0.15 / 0.18 / 0.21","msg_per_cpus":"280 / 285 / 311","deliv_per_cpus":"14012 / 14247 / 15532"}}
{"tag":"a-peer","mode":"one25","n":50,"min_med_max":{"accepted_s":"843 / 849 / 1172","deliv_s":"843 / 849 / 1172","p50":"15.23 / 15.42 / 18.7","p99":"115 / 134 / 150","ack50":"NaN / NaN / NaN","srv_cpu":"1.22 / 1.23 / 1.43","cli_cpu":"0.07 / 0.07 / 0.1","msg_per_cpus":"686 / 697 / 818","deliv_per_cpus":"686 / 697 / 818"}}
${line('muc10', { accepted_s: '1 / 2 / 3' })}
{ not JSON
archived rows: 36036
`;

describe("a peer's output", () => {
  it('gives the middle figures of the modes that are known, whatever else was printed', () => {
    expect(parsePeerOutput(OUTPUT)).toEqual({
      muc1: { acceptedPerSecond: 177.5, p50: 4.89, p99: 18.1 },
      one25: { acceptedPerSecond: 849, p50: 15.42, p99: 134 },
    });
  });

  it('is refused without a mode that is known', () => {
    expect(() => parsePeerOutput('archived rows: 0\n')).toThrow('no line of muc1, muc50, rate50, one25');
  });

  it.each([
    ['is missing', { p50: '1 / 1 / 1', p99: '1 / 1 / 1' }],
    ['is no number', { accepted_s: 'NaN / NaN / NaN', p50: '1 / 1 / 1', p99: '1 / 1 / 1' }],
    ['is nothing', { accepted_s: '0 / 0 / 0', p50: '1 / 1 / 1', p99: '1 / 1 / 1' }],
  ])('is refused when a figure that is read %s', (_what, figures) => {
    expect(() => parsePeerOutput(line('muc1', figures))).toThrow('says of muc1 no accepted_s');
  });

  it('is refused when it tells of a mode twice: it would not be clear which counts', () => {
    expect(() => parsePeerOutput(OUTPUT + OUTPUT)).toThrow('has muc1 twice');
  });
});
