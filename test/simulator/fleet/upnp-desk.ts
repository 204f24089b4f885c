import type { RequestListener } from "node:http";

import type { CameraCore } from "./camera-core.ts";

export const upnpPort = 49_152;
export const descriptionPath = "/rootdesc.xml";
const eventPath = "/event";

/** UPnP's description of the camera, and the events that one can subscribe to (UPnP Device Architecture 1.0, 2.3 and 4.1). */
export const upnpDesk = (core: CameraCore): RequestListener => {
  return (request, response) => {
    const { method = "", url = "" } = request;
    if (method === "GET" && url === descriptionPath) {
      response.writeHead(200, { "Content-Type": "text/xml" }).end(description(core));
    } else if (method === "SUBSCRIBE" && url === eventPath) {
      const [, callback] = /<http:\/\/([\d.]+)(?::\d+)?\//.exec(String(request.headers["callback"] ?? "")) ?? [];
      const timeout = { SID: `uuid:${crypto.randomUUID()}`, TIMEOUT: "Second-1800" };
      if (callback === undefined || !takesCallback(core, callback, request.socket.remoteAddress ?? "")) {
        // 412: what was given is missing or cannot be used.
        response.writeHead(412).end();
      } else response.writeHead(200, timeout).end();
    } else response.writeHead(404).end();
  };
};

/** A safe one only tells whoever asked (what CVE-2020-12695 was mended by: only within its own network). */
const takesCallback = ({ state }: CameraCore, callback: string, asker: string): boolean =>
  state.upnp.anyCallback || callback === asker.replace(/^::ffff:/, "");

const description = ({ address, face, state: { identity, reveals } }: CameraCore): string =>
  [
    `<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>`,
    `<device><deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType>`,
    `<friendlyName>${face.manufacturer} - ${address}</friendlyName><manufacturer>${face.manufacturer}</manufacturer>`,
    `<modelName>${identity.model}</modelName>`,
    reveals ? `<modelNumber>${identity.firmware}</modelNumber><serialNumber>${identity.serial}</serialNumber>` : "",
    `<UDN>uuid:${identity.uuid}</UDN><serviceList><service>`,
    `<serviceType>urn:schemas-upnp-org:service:EmbeddedNetDeviceControl:1</serviceType>`,
    `<serviceId>urn:upnp-org:serviceId:EmbeddedNetDeviceControl</serviceId><SCPDURL>/scpd.xml</SCPDURL>`,
    `<controlURL>/control</controlURL><eventSubURL>${eventPath}</eventSubURL></service></serviceList>`,
    `<presentationURL>http://${address}/</presentationURL></device></root>`,
  ].join("");
