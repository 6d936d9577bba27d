export { FAIL_FAST, RedisConnections, RedisModule } from './redis';
