export { Metrics, MetricsModule } from './metrics';
