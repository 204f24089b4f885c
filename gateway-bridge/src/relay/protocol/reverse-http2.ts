import {
  connect,
  constants,
  performServerHandshake,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ServerHttp2Session,
  type Settings,
} from "node:http2";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

/** What a stream of a tunnel is for: the one with frames in both directions, or a channel. */
export const tunnelPaths = { control: "/control", channel: "/channel" } as const;
export type TunnelPath = (typeof tunnelPaths)[keyof typeof tunnelPaths];

/** How often each side asks whether the other is there, and how often in a row it may stay silent. */
export const pingEveryMs = 20_000;
export const mostMissedPings = 2;

/**
 * Of either side. There are no headers worth compressing, so nothing is kept for it; nothing is pushed.
 * The window is what a stalled reader of one channel can make the side behind it hold: 256 KiB fill a line of 20 Mbit/s at 100 ms. Pictures
 * travel on connections of their own.
 */
const settings: Settings = { enablePush: false, headerTableSize: 0, initialWindowSize: 256 << 10 };

/** Most channels beside each other in one tunnel, and the control stream. */
const mostStreams = 512;

/** What may be under way on the whole connection, in bytes: with HTTP/2's own 64 KiB, a line of 80 ms would carry 6 Mbit/s. */
const connectionWindow = 4 << 20;

const common = {
  maxDeflateDynamicTableSize: 0,
  maxSettings: 8,
  maxOutstandingPings: mostMissedPings + 1,
  // In megabytes: what waits to be sent in all channels, when none of their readers takes any. Node's 10 would end new ones before.
  maxSessionMemory: 64,
} as const;

/** The relay's side: HTTP/2 over a connection that the gateway dialled, whose client the relay is. RFC 9113 3 */
export const requestOver = (socket: TLSSocket): ClientHttp2Session => {
  const options = { ...common, settings: { ...settings, maxConcurrentStreams: 0 } };
  const session = connect("https://gateway", { ...options, createConnection: () => socket });
  session.once("connect", () => session.setLocalWindowSize(connectionWindow));
  return session;
};

/** The gateway's side: it serves on the connection that it dialled. */
export const serveOver = (socket: TLSSocket): ServerHttp2Session => {
  const options = { ...common, settings: { ...settings, maxConcurrentStreams: mostStreams } };
  const session = performServerHandshake(socket, options);
  session.once("connect", () => session.setLocalWindowSize(connectionWindow));
  return session;
};

/** A new stream towards the gateway, whose both directions stay open. */
export const openStream = (session: ClientHttp2Session, path: TunnelPath): ClientHttp2Stream =>
  session.request({ ":method": "POST", ":path": path }, { endStream: false });

/**
 * Ends both directions at once, of a connection or of a stream of a tunnel. A stream is cancelled, because one that ends without an error lets
 * the other side go on with what it holds. RFC 9113 7
 */
export const cut = (stream: Duplex): void => {
  if ("rstCode" in stream) (stream as ClientHttp2Stream).close(constants.NGHTTP2_CANCEL);
  stream.destroy();
};
