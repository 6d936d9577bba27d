import { quotaWarnings } from './quota-warning.schema';
import { usageCounters } from './usage-counter.schema';

/** Every collection this domain owns. */
export const USAGE_COLLECTIONS = [usageCounters, quotaWarnings];
