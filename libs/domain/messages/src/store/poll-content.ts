export interface PollOption {
  /** Of 24 hexadecimal digits, so that a vote cast in another poll is noticed. */
  id: string;
  text: string;
  vote_count: number;
}

/** A question as its message keeps it, with the numbers of votes. Who voted for what is in rows of its own. */
export interface Poll {
  question: string;
  options: PollOption[];
  /** May one vote for several? */
  multiple: boolean;
  /** Does nobody learn who voted? */
  anonymous: boolean;
  closes_at: Date | null;
  /** When somebody closed it; a poll whose time is over is closed without. */
  closed_at: Date | null;
  voter_count: number;
}
