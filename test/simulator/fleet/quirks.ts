/** Ways of real cameras that are odd, and no weakness: nothing may be found because of them. */
export interface Quirks {
  /** Ends the connection after each answer of its web servers, and of its RTSP server. */
  readonly hangsUp?: boolean;
  /** Answers its login page, by 200, whatever somebody asks for that it does not have. */
  readonly pageForAll?: boolean;
  /** So long, in milliseconds, it thinks before each answer of its web servers. */
  readonly thinksMs?: number;
  /** Takes logins of ONVIF by HTTP Digest alone, and no UsernameToken; of brands that know that. */
  readonly digestOnly?: boolean;
}
