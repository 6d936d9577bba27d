export { HealthChecks } from './health-checks';
export { HealthHttpModule, HealthModule, MetricsAccess } from './health.module';
export { monitoringConfig } from './monitoring.config';
export { MonitoringModule } from './monitoring.module';
