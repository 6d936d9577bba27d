import { readFileSync } from 'node:fs';

/**
 * What a peer's output tells of: `muc1` and `muc50` are a room of 50 of whom one and all send as fast as they are answered, `rate50` is
 * the same room at 50 messages a second together, `one25` are 25 pairs of whom one each sends as fast as it is answered.
 */
export const PEER_MODES = ['muc1', 'muc50', 'rate50', 'one25'] as const;
export type PeerMode = (typeof PEER_MODES)[number];

/** Medians over a peer's runs. */
export interface PeerFigures {
  acceptedPerSecond: number;
  /** Milliseconds from sending to the arrival at each who is told. */
  p50: number;
  p99: number;
}

export type PeerOutput = Partial<Record<PeerMode, PeerFigures>>;

/** The three fields of a line that are read; each a lowest, a middle and a highest figure. */
const FIELDS = { acceptedPerSecond: 'accepted_s', p50: 'p50', p99: 'p99' } as const;
const MIDDLE_OF_THREE = /^\S+ \/ (\d+(?:\.\d+)?) \/ \S+$/;

/**
 * The figures in what a peer's measurement printed: another server for chat, measured on the same machine by clients that count alike.
 * Read are lines of JSON, one of each mode, of this shape; whatever else was printed is skipped:
 *
 *     {"mode":"one25","min_med_max":{"accepted_s":"1190 / 1250 / 1302","p50":"18.2 / 19.1 / 20.4","p99":"31 / 35.5 / 40",…},…}
 *
 * @throws Error when no line is of a mode that is known, when two are of the same one, or when a figure that is read is not there
 */
export function parsePeerOutput(text: string): PeerOutput {
  const output: PeerOutput = {};
  for (const line of text.split('\n')) {
    const figures = figuresIn(line);
    if (!figures) continue;
    const { mode } = figures;
    if (output[mode]) throw new Error(`The peer's output has ${mode} twice`);
    output[mode] = {
      acceptedPerSecond: middleOf(figures, FIELDS.acceptedPerSecond),
      p50: middleOf(figures, FIELDS.p50),
      p99: middleOf(figures, FIELDS.p99),
    };
  }
  if (Object.keys(output).length === 0) throw new Error(`The peer's output has no line of ${PEER_MODES.join(', ')}`);
  return output;
}

/** @throws Error as `parsePeerOutput`, and when the file cannot be read */
export const readPeerOutput = (path: string): PeerOutput => parsePeerOutput(readFileSync(path, 'utf8'));

interface ModeLine {
  mode: PeerMode;
  min_med_max: Record<string, unknown>;
}

function figuresIn(line: string): ModeLine | null {
  if (!line.trimStart().startsWith('{')) return null;
  let parsed: Partial<ModeLine> | null;
  try {
    parsed = JSON.parse(line) as Partial<ModeLine> | null;
  } catch {
    return null;
  }
  const { mode, min_med_max } = parsed ?? {};
  if (!PEER_MODES.includes(mode as PeerMode) || typeof min_med_max !== 'object') return null;
  return { mode: mode!, min_med_max };
}

function middleOf({ mode, min_med_max }: ModeLine, field: string): number {
  const [, middle] = MIDDLE_OF_THREE.exec(String(min_med_max[field])) ?? [];
  if (middle === undefined || Number(middle) === 0) {
    throw new Error(`The peer's output says of ${mode} no ${field} as "lowest / middle / highest"`);
  }
  return Number(middle);
}
