/** A figure, and what is to come of it. */
export interface Line {
  what: string;
  figure: number;
  /** None when there is nothing to compare with: the figure is printed alone. */
  goal?: number | undefined;
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

const isMet = ({ figure, goal, atMost }: Line) => goal === undefined || (atMost ? figure <= goal : figure >= goal);

function shown(line: Line): string {
  const { what, figure, goal, atMost, digits = 2 } = line;
  const told = `  ${what.padEnd(66)} ${figure.toFixed(digits).padStart(9)}`;
  if (goal === undefined) return told;
  const verdict = isMet(line) ? 'met' : 'MISSED';
  return `${told}  goal ${atMost ? '<=' : '>='} ${goal.toFixed(digits).padStart(7)}  ${verdict}`;
}
