/** How much of the gateway any client can take. Times in ms, sizes in bytes. */
export const limits = {
  body: 64 << 10,
  headers: 8 << 10,
  /** Longest value of a path parameter. */
  param: 64,
  tlsHandshake: 5_000,
  headersTimeout: 10_000,
  /** For the whole request to arrive. */
  requestTimeout: 30_000,
  /** How long an unused connection is kept. */
  keepAlive: 60_000,
  /** How long a reader may take nothing of what waits for it. */
  stuckReader: 30_000,
  connections: 512,
  /** Of one IPv4 address, or one IPv6 /64. Plugins on one host share one. */
  connectionsPerAddress: 64,
  webSockets: 64,
  webSocketsPerPrincipal: 8,
  /** Live views over WebSockets. */
  liveSockets: 128,
  /** A wall of cameras for one person, in two browsers. */
  liveSocketsPerPrincipal: 32,
  /** Unsent events after which a slow reader is let go; it comes back and hears `hello`. */
  webSocketBacklog: 1 << 20,
  /** Clients send nothing over the events connection. */
  webSocketMessage: 1 << 10,
  ping: 15_000,
} as const;
