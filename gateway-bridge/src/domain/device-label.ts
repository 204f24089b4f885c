import type { DeviceId } from "@gatehouse/shared";

/**
 * What a device that came through a relay is called where others are called by their address. It is no address, so it is never at home
 * and never this box, and it is a block of its own where addresses are counted.
 */
export const deviceLabel = (device: DeviceId): string => `device ${device}`;
