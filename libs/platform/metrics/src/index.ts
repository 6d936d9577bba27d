export { LATENCY_BUCKETS, Metrics, MetricsModule } from './metrics';
export { versionOfCaas } from './version';
