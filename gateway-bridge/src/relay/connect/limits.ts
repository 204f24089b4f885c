/** How much local programs can take. Times in ms, sizes in bytes. */
export const limits = {
  headers: 8 << 10,
  /** The gateway takes no longer ones. */
  body: 64 << 10,
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAlive: 30_000,
  /** Connections of local programs, for each of the two ports. */
  connections: 64,
  /** Channels that requests share, and how many requests wait for one. */
  sharedChannels: 4,
  waitingRequests: 64,
  /** Channels that carry one thing each. A relay lets 32 of a device stand. */
  ownChannels: 24,
  /** How long an unused channel is kept: less than the gateway keeps it. */
  idleChannel: 20_000,
  /** From a request until its answer begins. */
  answer: 60_000,
  /** From connecting until the first request with the credential. */
  login: 10_000,
  /** Requests of one RTSP connection without the credential, or with a wrong one. */
  refusals: 5,
  /** For a player to take the last that it is told. */
  farewell: 2_000,
  /** RTSP requests that wait for their channel. */
  heldBytes: 128 << 10,
  /** Between two looks at whether the way home is still the same. */
  wayHome: 3_600_000,
  /** For the gateway to hear that the login is over. */
  signOut: 3_000,
} as const;
