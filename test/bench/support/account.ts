/** An amount of each of several things: CPU seconds by process, commands by name. */
export type Account = Readonly<Record<string, number>>;

/** What came to it between two readings. */
export const increase = (before: Account, after: Account): Account =>
  Object.fromEntries(Object.entries(after).map(([name, amount]) => [name, amount - (before[name] ?? 0)]));

export function together(accounts: Account[]): Account {
  const all: Record<string, number> = {};
  for (const account of accounts)
    for (const [name, amount] of Object.entries(account)) all[name] = (all[name] ?? 0) + amount;
  return all;
}

export const sum = (account: Account): number => Object.values(account).reduce((total, each) => total + each, 0);
