import type { Device } from '../devices/device';

export interface Session {
  devices: Device[];
}
