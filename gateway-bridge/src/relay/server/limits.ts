/** How much of a relay anybody can take. Times in ms. */
export interface RelayLimits {
  /** TLS handshakes under way at a time; who comes meanwhile waits unread. */
  readonly handshakes: number;
  /** Of those, of one IPv4 address, or one IPv6 /64. */
  readonly handshakesPerBlock: number;
  /** That wait for their handshake. */
  readonly waiting: number;
  readonly waitingPerBlock: number;
  /** Who has proven nothing yet: devices that knock, and gateways that enrol. */
  readonly strangers: number;
  readonly strangersPerBlock: number;
  /** Channels that stand: of all, of one gateway, of one device, of devices of one address block. */
  readonly channels: number;
  readonly channelsPerGateway: number;
  readonly channelsPerDevice: number;
  readonly channelsPerBlock: number;
  /** What one gateway's channels carry together, in both directions. */
  readonly bytesPerSecond: number;
}

export const defaultLimits: RelayLimits = {
  handshakes: 128,
  handshakesPerBlock: 16,
  waiting: 16_384,
  waitingPerBlock: 256,
  strangers: 2_048,
  strangersPerBlock: 64,
  channels: 8_192,
  channelsPerGateway: 256,
  // A wall of cameras, with what is asked beside it.
  channelsPerDevice: 32,
  channelsPerBlock: 512,
  bytesPerSecond: 62_500_000,
};

/** What an operator can set for one gateway alone. */
export type GatewayLimits = Partial<Pick<RelayLimits, "channelsPerGateway" | "channelsPerDevice" | "bytesPerSecond">>;

/** What nobody can change. Times in ms. */
export const fixedLimits = {
  handshake: 10_000,
  /** From the end of the handshake until a device proved its key, or a gateway enrolled. */
  proof: 10_000,
  /** From the end of the handshake until a gateway said whom it admits. */
  firstAdmit: 15_000,
  /** Until a gateway answers to a channel, and until a data connection comes. */
  channelAnswer: 5_000,
  dataConnection: 5_000,
  /** Data connections that wait while any device is there, and how long after the last has gone. */
  spare: 2,
  spareFor: 60_000,
  /** Data connections of one tunnel that nobody uses. */
  idleData: 8,
  /** What waits for a gateway that does not read its control stream, in bytes. */
  controlBacklog: 65_536,
  /** Frames that a gateway may send at once, and how many more in a second. */
  controlBurst: 64,
  controlPerSecond: 4,
  /** After `refused`, and after `busy` or `draining`. */
  retryRefused: 5_000,
  retryBusy: 10_000,
} as const;
