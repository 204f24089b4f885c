import type { CameraId } from "@gatehouse/shared";

/** Something on the network that looks like a camera; all but the address is its own claim. */
export interface SeenDevice {
  /** What it calls itself, the same each time. */
  readonly endpoint: string;
  /** Where its answer came from. */
  readonly address: string;
  readonly name: string;
  readonly hardware: string;
}

/** A camera that was added, as far as it can be told from others. */
export interface AdoptedCamera {
  readonly id: CameraId;
  /** Literal addresses where it is now; none where its name leads nowhere. */
  readonly addresses: readonly string[];
  /** As it told when it was added; with many makers that is its MAC address. May be empty. */
  readonly serial: string;
}

/** What a device is to this home. */
export type Standing =
  | { readonly kind: "adopted"; readonly camera: CameraId }
  /** It calls itself what a camera called itself that is elsewhere, and silent there. */
  | { readonly kind: "moved"; readonly camera: CameraId }
  | { readonly kind: "stranger" };

export interface KnownHome {
  readonly adopted: readonly AdoptedCamera[];
  /** What answered at a camera's address before, by what it called itself. */
  readonly endpoints: ReadonlyMap<string, CameraId>;
  /** All that answers at this moment. */
  readonly answering: ReadonlySet<string>;
}

/** Shorter ones stand in other names by chance. */
const shortestSerial = 8;

/**
 * Whether a device is one that was added. By its address it is. By its name or serial number it only says so: that is believed for no more than
 * not to call it a stranger, and only while nothing answers where the camera should be.
 */
export const judgeDevice = (
  { endpoint, address, name, hardware }: SeenDevice,
  { adopted, endpoints, answering }: KnownHome,
): Standing => {
  const here = adopted.find(({ addresses }) => addresses.includes(address));
  if (here !== undefined) return { kind: "adopted", camera: here.id };
  const words = bare(`${endpoint} ${name} ${hardware}`);
  const known = endpoints.get(endpoint);
  const named = adopted.find(({ id, serial }) => id === known || holds(words, bare(serial)));
  if (named === undefined || named.addresses.some((place) => answering.has(place))) return { kind: "stranger" };
  return { kind: "moved", camera: named.id };
};

const bare = (text: string): string => text.toLowerCase().replaceAll(/[^a-z\d]/g, "");
const holds = (words: string, serial: string): boolean => serial.length >= shortestSerial && words.includes(serial);
