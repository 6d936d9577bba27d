export { HealthChecks, type HealthCheck, type Readiness } from './health-checks';
export { HealthHttpModule, HealthModule } from './health.module';
