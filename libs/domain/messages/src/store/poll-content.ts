export interface PollOption {
  /** 24 hexadecimal digits, so that an option of another poll is recognized as unknown. */
  id: string;
  text: string;
  vote_count: number;
}

/** A question as its message keeps it, with the counts of votes. The votes themselves are rows. */
export interface Poll {
  question: string;
  options: PollOption[];
  /** Whether one user may vote for several options. */
  multiple: boolean;
  /** Whether the voters are hidden from everybody. */
  anonymous: boolean;
  closes_at: Date | null;
  /** When a user closed it. A poll that ended at `closes_at` has none. */
  closed_at: Date | null;
  voter_count: number;
}
