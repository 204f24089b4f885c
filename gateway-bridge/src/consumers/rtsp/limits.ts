/** How much any reader can take. Times in ms. */
export const limits = {
  /** Of both ports. */
  connections: 256,
  /** That nobody has logged in on yet, of one IPv4 address or one IPv6 /64. A recorder opens one for each camera at once. */
  strangersPerAddress: 64,
  /** Logged in, wherever they come from. */
  connectionsPerLogin: 64,
  /** Of 24 cameras that are both recorded and searched for motion. */
  sessionsPerLogin: 48,
  /** Of two such recorders behind one address. */
  sessionsPerAddress: 96,
  tlsHandshake: 5_000,
  /** From connecting to the first accepted login. */
  login: 10_000,
  /** Without a word from a client; told to it as the session's timeout. */
  session: 60_000,
  /** How often a connection is looked after. */
  check: 5_000,
  /** Logins that may be wrong on one connection. */
  refusals: 5,
  /** Requests that wait for the one before. */
  pipelined: 16,
  /** For a reader to take the last that it is told. */
  farewell: 2_000,
  /** Answers that a client does not read, in bytes. */
  unreadAnswers: 64 * 1024,
  /** Between two sender reports. RFC 3550 6.2 */
  report: 5_000,
  /** Of one RTP payload in bytes: with all headers it fits the MTU of Ethernet. */
  payload: 1_400,
} as const;
