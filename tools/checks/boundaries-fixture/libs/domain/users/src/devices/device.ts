import type { Session } from '../sessions/session';

export interface Device {
  sessions: Session[];
}
