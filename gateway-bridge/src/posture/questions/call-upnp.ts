import { isGatehouseError, type Cancellable } from "@gatehouse/shared";

import { readSsdpMessage } from "../../protocols/ssdp/ssdp-message.ts";
import { parseXml } from "../../protocols/xml/parse-xml.ts";
import { descendants } from "../../protocols/xml/xml-element.ts";
import type { ProbedCamera } from "../probe/probed-camera.ts";

const ssdpPort = 1_900;

/** What a camera says of itself by UPnP. */
export interface UpnpAnswer {
  readonly server: string;
  /** Where its description is, forced to the camera's own host; undefined where it names none on itself. */
  readonly location: UpnpAddress | undefined;
}

/** A place on the camera's own host. */
export interface UpnpAddress {
  readonly port: number;
  readonly path: string;
}

/** UPnP Device Architecture 1.1, 1.3.2: a search of one device alone. Undefined where it keeps silent. Asked once a look. */
export const callUpnp = (camera: ProbedCamera, cancel: Cancellable): Promise<UpnpAnswer | undefined> =>
  camera.once("ssdp", () => searchUpnp(camera, cancel));

/** The same, asked anew. */
export const searchUpnp = async (
  { host, ports }: Pick<ProbedCamera, "host" | "ports">,
  cancel: Cancellable,
): Promise<UpnpAnswer | undefined> => {
  const datagram = await ports.udp(ssdpPort, searchFor(host), cancel);
  const message = datagram && readSsdpMessage(datagram);
  if (message?.kind !== "answer") return undefined;
  return { server: message.server, location: addressOn(host, message.location) };
};

const searchFor = (host: string): Buffer => {
  const lines = [
    "M-SEARCH * HTTP/1.1",
    `HOST: ${written(host)}:${ssdpPort}`,
    'MAN: "ssdp:discover"',
    "MX: 1",
    "ST: upnp:rootdevice",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`);
};

/** RFC 3986 3.2.2: IPv6 in brackets, because of the port behind it. */
const written = (host: string): string => (host.includes(":") ? `[${host}]` : host);

/** A claim about another host is left out: nothing is asked there on a camera's word. */
const addressOn = (host: string, text: string, base?: string): UpnpAddress | undefined => {
  if (!URL.canParse(text, base)) return undefined;
  const url = new URL(text, base);
  if (url.protocol !== "http:" || url.hostname.replace(/^\[|\]$/g, "") !== host) return undefined;
  return { port: url.port === "" ? 80 : Number(url.port), path: `${url.pathname}${url.search}` };
};

/** Its description and the places where its services take subscribers. */
export interface UpnpDescription {
  readonly text: string;
  readonly subscriptions: readonly UpnpAddress[];
}

const mostSubscriptions = 8;

/** Undefined where there is none. Asked once a look. */
export const describeUpnp = (camera: ProbedCamera, cancel: Cancellable): Promise<UpnpDescription | undefined> =>
  camera.once("upnp description", async () => {
    const location = (await callUpnp(camera, cancel))?.location;
    if (location === undefined) return undefined;
    const to = { method: "GET", secure: false, ...location } as const;
    const { status, body } = await camera.http.request(to, { kind: "nobody" }, cancel);
    if (status !== 200) return undefined;
    const text = body.toString("utf8");
    return { text, subscriptions: subscriptionsIn(text, camera.host, location) };
  });

const subscriptionsIn = (text: string, host: string, { port, path }: UpnpAddress): readonly UpnpAddress[] => {
  try {
    const base = `http://${written(host)}:${port}${path}`;
    return [...descendants(parseXml(text))]
      .filter(({ name, text: url }) => name === "eventSubURL" && url !== "")
      .flatMap(({ text: url }) => addressOn(host, url, base) ?? [])
      .slice(0, mostSubscriptions);
  } catch (error) {
    // A description that is no XML names no place to subscribe at.
    if (isGatehouseError(error)) return [];
    throw error;
  }
};
