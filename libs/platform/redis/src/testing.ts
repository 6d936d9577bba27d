export { RedisMetrics } from './redis-metrics';
