/** One goal of the issue and what came of it. */
export interface Line {
  what: string;
  figure: number;
  goal: number;
  /** `at most` for times; otherwise at least. */
  atMost?: boolean;
  digits?: number;
}

export class Table {
  private readonly lines: Line[] = [];

  add(line: Line): void {
    this.lines.push(line);
    console.log(shown(line));
  }

  heading(text: string): void {
    console.log(`\n${text}`);
  }

  /** Figures that have no goal of their own, but explain those that do. */
  note(text: string): void {
    console.log(`  ${text}`);
  }

  get allMet(): boolean {
    return this.lines.every(isMet);
  }
}

const isMet = ({ figure, goal, atMost }: Line) => (atMost ? figure <= goal : figure >= goal);

function shown(line: Line): string {
  const { what, figure, goal, atMost, digits = 2 } = line;
  const verdict = isMet(line) ? 'met' : 'MISSED';
  return `  ${what.padEnd(66)} ${figure.toFixed(digits).padStart(9)}  goal ${atMost ? '<=' : '>='} ${goal.toFixed(digits).padStart(7)}  ${verdict}`;
}
