import { conflict } from '#caas/kernel';

const MAX_SIGNAL_DEVICE_ID = 127;
const NUMBER = /^[1-9]\d{0,2}$/;

/** The number if the name is 1 to 127 in decimal; null for any other name. */
export function numberNamed(deviceId: string): number | null {
  const number = NUMBER.test(deviceId) ? Number(deviceId) : 0;
  return number >= 1 && number <= MAX_SIGNAL_DEVICE_ID ? number : null;
}

/**
 * Signal's number for a device. Names that are not numbers get the highest free one, because apps that number their devices start at 1.
 * @param others names of the user's other devices
 * @param taken numbers of the devices that have keys
 * @throws CaasError `device_number_taken` (409)
 */
export function signalDeviceIdFor(deviceId: string, others: string[], taken: number[]): number {
  const unavailable = new Set(taken);
  const own = numberNamed(deviceId);
  if (own !== null) {
    if (!unavailable.has(own)) return own;
    throw conflict('device_number_taken', `Another device of this user was given the number ${own}.`);
  }
  for (const other of others) unavailable.add(numberNamed(other) ?? 0);
  for (let number = MAX_SIGNAL_DEVICE_ID; number >= 1; number -= 1) if (!unavailable.has(number)) return number;
  throw conflict('device_number_taken', 'This user has no number left for a device.');
}
