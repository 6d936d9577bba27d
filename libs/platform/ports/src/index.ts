export { PortsModule, type Answer } from './ports.module';
