/** Good for one connection, and not for the next. RFC 9110 7.6.1 */
const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What only we say to the gateway, or nobody: who asks, where, by which way. */
const ours: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "expect",
  "forwarded",
  "host",
  "origin",
  "referer",
  "via",
  "x-real-ip",
]);
const isOurs = (name: string): boolean => ours.has(name) || /^(?:x-forwarded-|sec-fetch-)/.test(name);

/** What only the gateway says to us: its cookies are the login itself. */
const gatewaysOwn: ReadonlySet<string> = new Set(["set-cookie", "set-cookie2", "strict-transport-security"]);

/** By lower-case name, in their order. */
export type Headers = Readonly<Record<string, readonly string[]>>;

/** What of a local program's headers goes home. @param rawHeaders as they came: name, value, name, value */
export const headersHome = (rawHeaders: readonly string[]): Headers => filter(rawHeaders, isOurs);

/** What of the gateway's headers a local program hears. */
export const headersBack = (rawHeaders: readonly string[]): Headers =>
  filter(rawHeaders, (name) => gatewaysOwn.has(name));

const filter = (rawHeaders: readonly string[], isKept: (name: string) => boolean): Headers => {
  const all = pairs(rawHeaders);
  // Connection names further headers that are for this connection alone.
  const named = new Set(
    all
      .filter(([name]) => name === "connection")
      .flatMap(([, value]) => value.split(","))
      .map((name) => name.trim().toLowerCase()),
  );
  const passed: Record<string, string[]> = Object.create(null) as Record<string, string[]>;
  for (const [name, value] of all) {
    if (hopByHop.has(name) || named.has(name) || isKept(name)) continue;
    (passed[name] ??= []).push(value);
  }
  return passed;
};

const pairs = (rawHeaders: readonly string[]): (readonly [name: string, value: string])[] => {
  const all: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    all.push([(rawHeaders[at] ?? "").toLowerCase(), rawHeaders[at + 1] ?? ""]);
  }
  return all;
};
