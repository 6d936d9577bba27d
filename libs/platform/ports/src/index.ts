export { PortsModule } from './ports.module';
