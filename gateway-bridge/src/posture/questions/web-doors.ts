import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import type { NetworkProtocol } from "../../protocols/onvif/management/network.ts";
import type { ServerHello } from "../../protocols/tls/broken-hello.ts";
import type { ProbedCamera, TlsFacts } from "../probe/probed-camera.ts";
import { protocolsOf } from "./ask-onvif.ts";
import { openPorts } from "./open-ports.ts";

/** Ports at which a web server of the camera may be. */
export interface WebPorts {
  readonly http: readonly number[];
  readonly https: readonly number[];
  /** What it says of HTTPS itself; undefined where it says nothing. */
  readonly saysHttps: boolean | undefined;
}

/** The ports that it names, the one that the gateway uses, and the usual ones. What it names is believed as a hint only. */
export const webPortsOf = (camera: ProbedCamera, cancel: Cancellable): Promise<WebPorts> =>
  camera.once("web ports", async () => {
    const named = camera.kind === "onvif" ? await namedBy(camera, cancel) : [];
    const portsOf = (name: string): readonly number[] =>
      named.filter((protocol) => protocol.name.toUpperCase() === name).flatMap(({ ports }) => ports);
    const https = named.find((protocol) => protocol.name.toUpperCase() === "HTTPS");
    return {
      http: distinct([...used(camera, "http:", 80), ...portsOf("HTTP"), 80]),
      https: distinct([...used(camera, "https:", 443), ...portsOf("HTTPS"), 443]),
      saysHttps: https?.enabled,
    };
  });

/** Empty where it does not tell, or where what answers is not to be asked as the gateway: the usual ports are there all the same. */
const namedBy = async (camera: ProbedCamera, cancel: Cancellable): Promise<readonly NetworkProtocol[]> => {
  try {
    const asked = await protocolsOf(camera, cancel);
    return asked.kind === "answer" ? asked.value : [];
  } catch (error) {
    cancel.signal.throwIfAborted();
    if (!isGatehouseError(error)) throw error;
    return [];
  }
};

/** More ports than any camera serves pages at. */
const mostPorts = 4;
const distinct = (ports: readonly number[]): readonly number[] => [...new Set(ports)].slice(0, mostPorts);

const used = ({ device }: ProbedCamera, protocol: string, usual: number): readonly number[] =>
  device.protocol === protocol ? [device.port === "" ? usual : Number(device.port)] : [];

/** A door that answered to TLS, and what was seen there. */
export interface TlsDoor {
  readonly port: number;
  /** By TLS 1.2 or later; undefined where only older ones are spoken. */
  readonly modern: TlsFacts | undefined;
  /** By TLS 1.0 or 1.1; undefined where that is refused. */
  readonly old: TlsFacts | undefined;
  /** What is broken and taken all the same. */
  readonly broken: readonly ServerHello[];
}

/** Of no minimal strength: weak keys and hashes are to be seen, not refused (OpenSSL, SSL_CTX_set_security_level). */
const ciphers = "DEFAULT@SECLEVEL=0";

/** What answers to TLS at this port; undefined if nothing does. */
export const tlsDoorAt = (camera: ProbedCamera, port: number, cancel: Cancellable): Promise<TlsDoor | undefined> =>
  camera.once(`tls ${port}`, async () => {
    if ((await openPorts(camera, [port], cancel)).length === 0) return undefined;
    const modern = await camera.ports.tls(port, { minVersion: "TLSv1.2", maxVersion: "TLSv1.3", ciphers }, cancel);
    const old = await oldTls(camera, { port, proven: modern !== undefined }, cancel);
    const broken = await camera.ports.brokenTls(port, cancel);
    return modern === undefined && old === undefined && broken.length === 0 ? undefined : { port, modern, old, broken };
  });

/** A server that speaks later ones may well say nothing at all to an old one, instead of refusing it. */
const oldTls = async (
  camera: ProbedCamera,
  { port, proven }: { readonly port: number; readonly proven: boolean },
  cancel: Cancellable,
): Promise<TlsFacts | undefined> => {
  try {
    return await camera.ports.tls(port, { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers }, cancel);
  } catch (error) {
    cancel.signal.throwIfAborted();
    if (proven && isGatehouseError(error) && error.code === "camera-unreachable") return undefined;
    throw error;
  }
};

/** Every door of the camera's web servers that speaks TLS. */
export const tlsWebDoors = async (camera: ProbedCamera, cancel: Cancellable): Promise<readonly TlsDoor[]> => {
  const found: TlsDoor[] = [];
  for (const port of (await webPortsOf(camera, cancel)).https) {
    const door = await tlsDoorAt(camera, port, cancel);
    if (door !== undefined) found.push(door);
  }
  return found;
};
