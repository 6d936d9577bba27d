export { RedisConnections, RedisModule } from './redis';
