export { NEVER_WAITED_FOR, RedisConnections, RedisModule } from './redis';
