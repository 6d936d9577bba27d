export { FAIL_FAST, RedisConnections, RedisModule } from './redis';
export { RedisMetrics } from './redis-metrics';
