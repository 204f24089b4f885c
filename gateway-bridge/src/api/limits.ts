/** How much of the gateway any client can take. Times in ms, sizes in bytes. */
export const limits = {
  body: 64 << 10,
  headers: 8 << 10,
  /** Longest value of a path parameter. */
  param: 64,
  tlsHandshake: 5_000,
  /** From there to the first byte of what is wanted. */
  firstByte: 5_000,
  headersTimeout: 10_000,
  /** For the whole request to arrive. */
  requestTimeout: 30_000,
  /** How long an unused connection is kept. */
  keepAlive: 60_000,
  /** How long a reader may take nothing of what waits for it. */
  stuckReader: 30_000,
  connections: 512,
  /** That nobody has shown on who it is, of one IPv4 address, or one IPv6 /64. */
  strangersPerAddress: 64,
  /** Of a wall of cameras, with as many downloads beside it. */
  connectionsPerPrincipal: 128,
  /** Requests of one connection that are not answered yet. */
  pipelined: 16,
  /** That hear events. */
  webSockets: 64,
  /** Plugins on one host share one address. */
  webSocketsPerAddress: 32,
  webSocketsPerPrincipal: 8,
  /** Tabs of one browser. */
  webSocketsPerLogin: 4,
  /** Live views over WebSockets. */
  liveSockets: 128,
  liveSocketsPerAddress: 64,
  /** A wall of cameras for one person, in two browsers. */
  liveSocketsPerPrincipal: 32,
  liveSocketsPerLogin: 16,
  /** Unsent events after which a slow reader is let go; it comes back and hears `hello`. */
  webSocketBacklog: 1 << 20,
  /** Clients send nothing over the events connection. */
  webSocketMessage: 1 << 10,
  ping: 15_000,
} as const;
