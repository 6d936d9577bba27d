export { CounterRepository } from './counting/counter-repository';
export { SentTotals } from './messages/sent-totals';
export { USAGE_COLLECTIONS } from './persistence';
