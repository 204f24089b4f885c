import { BlockList } from "node:net";

import { escapeXml, XmlPart } from "../soap.ts";
import type { CameraCore } from "./camera-core.ts";
import { scopesOf } from "./onvif/facts.ts";

export const discoveryGroup = "239.255.255.250";

/** The answer to a probe, by multicast or not (WS-Discovery 2005/04, 5.3); undefined for what is none, or is not for the likes of it. */
export const answerProbe = (core: CameraCore, datagram: Buffer, from: string): Buffer | undefined => {
  const probe = datagram.toString();
  const part = new XmlPart(probe);
  const id = part.text("MessageID");
  if (id === undefined || !/<(?:[\w-]+:)?Probe[\s>/]/.test(probe)) return undefined;
  const types = part.text("Types") ?? "";
  if (types !== "" && !/:(?:NetworkVideoTransmitter|Device)\b/.test(types)) return undefined;
  if (!core.state.discovery.answersEverybody && !isNeighbour(core, from)) return undefined;
  return Buffer.from(probeMatch(core, id));
};

/** Whether an address lies in the camera's own network. */
const isNeighbour = ({ address, state }: CameraCore, from: string): boolean => {
  const network = new BlockList();
  network.addSubnet(address, state.network.prefix, "ipv4");
  return network.check(from, "ipv4");
};

const probeMatch = (core: CameraCore, relatesTo: string): string => {
  const { address, face, state } = core;
  const { HTTP, HTTPS } = state.protocols;
  const port = HTTP.ports[0] ?? 80;
  const xaddrs = [
    ...(HTTP.enabled ? [`http://${address}${port === 80 ? "" : `:${port}`}${face.servicePath}`] : []),
    ...(HTTPS.enabled ? [`https://${address}${face.servicePath}`] : []),
  ];
  return [
    `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"`,
    ` xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"`,
    ` xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><s:Header>`,
    `<a:MessageID>urn:uuid:${crypto.randomUUID()}</a:MessageID><a:RelatesTo>${escapeXml(relatesTo)}</a:RelatesTo>`,
    `<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>`,
    `<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action></s:Header>`,
    `<s:Body><d:ProbeMatches><d:ProbeMatch>`,
    `<a:EndpointReference><a:Address>urn:uuid:${state.identity.uuid}</a:Address></a:EndpointReference>`,
    `<d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types><d:Scopes>${scopesOf(core).join(" ")}</d:Scopes>`,
    `<d:XAddrs>${xaddrs.join(" ")}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>`,
    `</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>`,
  ].join("");
};
