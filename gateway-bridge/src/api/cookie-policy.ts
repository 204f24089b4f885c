export interface CookieQuestion {
  readonly method: string;
  readonly upgrade: boolean;
  readonly origin: string | undefined;
  readonly site: string | undefined;
}

/**
 * Whether the cookie of a login counts for a request, whose Origin and site are our own where it names them. Browsers name the origin
 * of whatever changes something and of every WebSocket, and the site of all that they send; who names none is none that we made the
 * cookie for.
 */
export const doesCookieCount = ({ method, upgrade, origin, site }: CookieQuestion): boolean =>
  method === "GET" && !upgrade ? site !== undefined : origin !== undefined;
