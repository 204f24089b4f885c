import { GatehouseError } from "@gatehouse/shared";

/** Longest message taken, in characters of base64. */
const longest = 16 * 1024;

const decode = (text: string): Buffer => {
  if (text.length > longest) {
    throw new GatehouseError(
      "camera-answer-too-large",
      `the camera's key message is longer than ${longest} characters`,
    );
  }
  return Buffer.from(text, "base64");
};

/**
 * The message in an SDP's `a=key-mgmt`; undefined where it is of another protocol. RFC 4567 3.1
 * @param attribute `mikey AQAFAP...`
 */
export const readKeyManagementAttribute = (attribute: string): Buffer | undefined => {
  const [, data] = /^mikey\s+([A-Za-z\d+/=]+)\s*$/i.exec(attribute) ?? [];
  return data === undefined ? undefined : decode(data);
};

/** The message in a `KeyMgmt` header; undefined where there is none of MIKEY. RFC 4567 3.2 */
export const readKeyManagementHeader = (header: string): Buffer | undefined => {
  if (!/(?:^|;)\s*prot\s*=\s*"?mikey"?\s*(?:;|$)/i.test(header)) return undefined;
  const [, data] = /(?:^|;)\s*data\s*=\s*"?([A-Za-z\d+/=]+)"?\s*(?:;|,|$)/i.exec(header) ?? [];
  return data === undefined ? undefined : decode(data);
};

/** Of SETUP. RFC 4567 3.2 */
export const formatKeyManagementHeader = (uri: string, message: Buffer): string =>
  `prot=mikey;uri="${uri}";data="${message.toString("base64")}"`;
