import { isIP } from "node:net";

/** An RTSP URL taken apart. */
export interface RtspUrl {
  /** rtsps: inside TLS. */
  readonly secure: boolean;
  /** A name or bare address, as the system takes it. */
  readonly host: string;
  readonly port: number;
  /** Host and, where the URL had one, port, as URLs write them; never credentials. */
  readonly authority: string;
  /** Path and query, from the first slash or question mark on; may be empty. Printable ASCII without blanks. */
  readonly target: string;
}

const longest = 2_048;
const defaultPort = { plain: 554, secure: 322 } as const;

/**
 * Reads an RTSP URL as people and cameras write it: the scheme doubled or missing, no port, an IPv6 address without brackets.
 * Credentials in it are dropped. Undefined where it names no host, or another scheme.
 */
export const parseRtspUrl = (text: string): RtspUrl | undefined => {
  const trimmed = text.trim();
  if (trimmed.length > longest) return undefined;
  const whole = /^[a-z][a-z\d+.-]*:\/\//i.test(trimmed) ? trimmed : `rtsp://${trimmed}`;
  const [, scheme, rest] = /^(?:rtsps?:\/\/)*(rtsps?):\/\/(.*)$/is.exec(whole) ?? [];
  if (scheme === undefined || rest === undefined) return undefined;
  const end = rest.search(/[/?#]|$/);
  const place = parseAuthority(rest.slice(rest.lastIndexOf("@", end) + 1, end));
  if (place === undefined) return undefined;
  const secure = scheme.toLowerCase() === "rtsps";
  const { host, port } = place;
  const written = isIP(host) === 6 ? `[${host}]` : host;
  return {
    secure,
    host,
    port: port ?? (secure ? defaultPort.secure : defaultPort.plain),
    authority: port === undefined ? written : `${written}:${port}`,
    target: cleanTarget(rest.slice(end)),
  };
};

interface Place {
  readonly host: string;
  readonly port: number | undefined;
}

const parseAuthority = (authority: string): Place | undefined => {
  // Without brackets, as in `rtsp://::ffff:192.0.2.1/`.
  if (isIP(authority) === 6) return { host: unmapped(authority), port: undefined };
  const [, bracketed, name, digits = ""] = /^(?:\[([^\]]+)\]|([\w.-]{1,253}))(?::(\d{0,5}))?$/.exec(authority) ?? [];
  const port = digits === "" ? undefined : Number(digits);
  if (port === 0 || (port ?? 1) > 65_535) return undefined;
  if (bracketed !== undefined) return isIP(bracketed) === 6 ? { host: unmapped(bracketed), port } : undefined;
  return name === undefined ? undefined : { host: name, port };
};

const unmapped = (address: string): string => /^::ffff:(\d+(?:\.\d+){3})$/i.exec(address)?.[1] ?? address;

/** Without fragment; everything that would break a request line is percent-encoded, byte by byte. */
const cleanTarget = (target: string): string =>
  (target.split("#", 1)[0] ?? "").replace(/[^\x21-\x7e]/g, (char) =>
    Buffer.from(char, char.charCodeAt(0) < 256 ? "latin1" : "utf8")
      .toString("hex")
      .replace(/../g, "%$&"),
  );

/** The URL as requests name it. */
export const formatRtspUrl = ({ secure, authority, target }: RtspUrl): string =>
  `${secure ? "rtsps" : "rtsp"}://${authority}${target}`;

/** What a DESCRIBE answer says about where its parts are. */
export interface ControlContext {
  /** The URL that was described. */
  readonly request: RtspUrl;
  /** Its Content-Base, or else its Content-Location. */
  readonly base: string | undefined;
}

/**
 * The URL that controls a section of the SDP, or the whole session. RFC 2326 C.1.1
 *
 * Its host is always that of the request, whatever Content-Base and `a=control` name. A camera behind NAT, or one that was given
 * a new address, names a stale one there, and that must work; and since every request stays on the one connection to the camera,
 * with that camera's own name in it, neither a request nor a credential can be drawn to another host.
 */
export const resolveControl = ({ request, base }: ControlContext, control: string | undefined): string => {
  const described = forced(request, base) ?? request;
  if (control === undefined || control === "*") return formatRtspUrl(described);
  const absolute = forced(request, control);
  if (absolute !== undefined) return formatRtspUrl(absolute);
  return formatRtspUrl({ ...request, target: join(described.target, cleanTarget(control.slice(0, longest))) });
};

/** The URL at the camera's own place; undefined where the text is no absolute URL. */
const forced = (request: RtspUrl, text: string | undefined): RtspUrl | undefined => {
  if (text === undefined || !/^rtsps?:\/\//i.test(text)) return undefined;
  const url = parseRtspUrl(text);
  return url && { ...request, target: url.target };
};

/** Cameras append, even after a query: `/live?channel=1/trackID=0`. */
const join = (base: string, control: string): string => {
  if (control.startsWith("?")) return base + control;
  return `${base.replace(/\/$/, "")}/${control.replace(/^\//, "")}`;
};
