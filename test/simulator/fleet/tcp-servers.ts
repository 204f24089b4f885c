import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

import type { CameraCore } from "./camera-core.ts";
import { RtspClientSeat } from "./rtsp-server.ts";
import { servedIdentity } from "./tls-keys.ts";
import { upnpDesk } from "./upnp-desk.ts";
import { WebServer } from "./web-server.ts";

/** One TCP port as it should be open now. */
export interface WantedPort {
  readonly port: number;
  /** What is served there and how: a port whose look changes is closed and opened anew. */
  readonly look: string;
  readonly server: () => Server;
}

/** Every TCP port that a camera with such settings has open. */
export const wantedPorts = (core: CameraCore): WantedPort[] => {
  const { state, face } = core;
  const { HTTP, HTTPS, RTSP } = state.protocols;
  const { telnet, ftp, ssh, vendorPort, debug } = state.services;
  const tls = tlsOf(core);
  const web = new Set([...HTTP.ports, ...(state.brand === "tapo" ? [] : [80])]);
  return [
    ...(HTTP.enabled ? Array.from(web, (port) => ({ port, look: "http", server: () => webServer(core) })) : []),
    ...(HTTPS.enabled && tls !== undefined
      ? HTTPS.ports.map((port) => ({ port, look: tls.look, server: () => webServer(core, tls.options) }))
      : []),
    ...(RTSP.enabled ? RTSP.ports.map((port) => ({ port, look: "rtsp", server: () => rtspServer(core) })) : []),
    ...(state.rtsps.enabled && tls !== undefined
      ? [{ port: 322, look: tls.look, server: () => rtspServer(core, tls.options) }]
      : []),
    ...(telnet ? [{ port: face.telnetPort, look: "telnet", server: banner(face.telnetBanner) }] : []),
    ...(ftp ? [{ port: 21, look: "ftp", server: banner("220 Welcome to IPCamera FTP Server\r\n") }] : []),
    ...(ssh ? [{ port: 22, look: "ssh", server: banner("SSH-2.0-dropbear_2014.63\r\n") }] : []),
    ...(vendorPort && face.vendorPort !== undefined
      ? [{ port: face.vendorPort, look: "vendor", server: banner("") }]
      : []),
    ...(debug ? [{ port: face.debugPort, look: "debug", server: banner("") }] : []),
    ...(state.upnp.enabled ? [{ port: 49_152, look: "upnp", server: () => createHttpServer(upnpDesk(core)) }] : []),
  ];
};

interface TlsLook {
  readonly look: string;
  readonly options: TlsServerOptions;
}

interface TlsServerOptions {
  readonly key: string;
  readonly cert: string;
  readonly minVersion: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  readonly maxVersion: "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3";
  readonly ciphers?: string;
}

const versionNames = { "1.0": "TLSv1", "1.1": "TLSv1.1", "1.2": "TLSv1.2", "1.3": "TLSv1.3" } as const;

const tlsOf = ({ state: { tls } }: CameraCore): TlsLook | undefined => {
  const identity = servedIdentity(tls);
  const versions = (["1.0", "1.1", "1.2", "1.3"] as const).filter((version) => tls.versions.includes(version));
  const [oldest, newest] = [versions[0], versions.at(-1)];
  if (identity === undefined || oldest === undefined || newest === undefined) return undefined;
  const options = {
    ...identity,
    minVersion: versionNames[oldest],
    maxVersion: versionNames[newest],
    // OpenSSL 3 speaks TLS 1.0 and uses short keys at its lowest level alone.
    ciphers: "DEFAULT@SECLEVEL=0",
  };
  return { look: `tls ${versions.join()} ${identity.cert}`, options };
};

const webServer = (core: CameraCore, tls?: TlsServerOptions): HttpServer => {
  const server: HttpServer = tls === undefined ? createHttpServer() : createHttpsServer(tls);
  return server.on("request", new WebServer(core, () => server.listening).handle);
};

const rtspServer = (core: CameraCore, tls?: TlsServerOptions): Server => {
  const accept = (socket: Socket): RtspClientSeat => new RtspClientSeat(core, socket);
  return tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
};

/** Says that much to whoever comes, byte by byte as Latin-1, and listens. */
const banner = (text: string) => (): Server =>
  createServer((socket) => {
    if (text !== "") socket.write(Buffer.from(text, "latin1"));
    socket.resume();
  });
