export { HealthChecks, HealthController, HealthModule, type HealthCheck } from './health';
