export { LATENCY_BUCKETS, Metrics, MetricsModule } from './metrics';
