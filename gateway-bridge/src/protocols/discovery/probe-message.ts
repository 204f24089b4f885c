import { writeXml, xml } from "../xml/write-xml.ts";

const discovery = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
const addressing = "http://schemas.xmlsoap.org/ws/2004/08/addressing";

/** ONVIF's own two: devices answer to one, the other, or both (ONVIF Core 7.3.1). */
export const onvifTypes = [
  ["http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter"],
  ["http://www.onvif.org/ver10/device/wsdl", "Device"],
] as const;

/** A question for devices of that type, by the id that answers will name. WS-Discovery 5.2 */
export const probeMessage = (id: string, [namespace, name]: (typeof onvifTypes)[number]): string =>
  writeXml(
    xml(
      "s:Envelope",
      { "xmlns:s": "http://www.w3.org/2003/05/soap-envelope", "xmlns:a": addressing, "xmlns:d": discovery },
      xml(
        "s:Header",
        {},
        xml("a:Action", { "s:mustUnderstand": "1" }, `${discovery}/Probe`),
        xml("a:MessageID", {}, id),
        xml("a:ReplyTo", {}, xml("a:Address", {}, `${addressing}/role/anonymous`)),
        xml("a:To", { "s:mustUnderstand": "1" }, "urn:schemas-xmlsoap-org:ws:2005:04:discovery"),
      ),
      xml("s:Body", {}, xml("d:Probe", {}, xml("d:Types", { "xmlns:t": namespace }, `t:${name}`))),
    ),
  );
