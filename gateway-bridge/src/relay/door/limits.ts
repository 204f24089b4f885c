/** How much of the gateway devices can take that come from away. Times in ms. */
export const limits = {
  /** From the opening of a channel to the end of the TLS handshake inside. */
  handshake: 5_000,
  /** From there to the end of the first line. */
  preface: 5_000,
  /** From our end of a channel to the device's. */
  linger: 5_000,
  /** Channels of all devices. */
  channels: 256,
  /** A wall of cameras, with as many requests beside it. */
  channelsPerDevice: 48,
} as const;
