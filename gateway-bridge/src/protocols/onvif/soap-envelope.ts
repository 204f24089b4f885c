import { GatehouseError } from "@gatehouse/shared";

import { parseXml } from "../xml/parse-xml.ts";
import { writeXml, xml, type XmlNode } from "../xml/write-xml.ts";
import { descendants, find, type XmlElement } from "../xml/xml-element.ts";
import { namespaces } from "./namespaces.ts";

export interface Envelope {
  readonly header: readonly XmlNode[];
  readonly body: XmlNode;
}

/** The message as it goes on the wire. */
export const writeEnvelope = ({ header, body }: Envelope): Buffer =>
  Buffer.from(
    writeXml(
      xml(
        "s:Envelope",
        { "xmlns:s": namespaces.soap },
        header.length === 0 ? undefined : xml("s:Header", {}, ...header),
        xml("s:Body", {}, body),
      ),
    ),
  );

/**
 * The element in the body of a camera's answer; undefined where the body is empty. The envelope is taken out of whatever
 * surrounds it: a byte order mark, the boundaries of a multipart answer, trailing rubbish.
 * Total: throws `camera-answer-malformed` for anything that is no whole envelope, and for one whose content is not in it but in an
 * attachment (MTOM): what it says would otherwise read as empty.
 */
export const readEnvelope = (answer: Buffer): XmlElement | undefined => {
  const text = answer.toString("utf8");
  const [opening, prefix] = /<([\w.-]+:)?Envelope[\s>]/.exec(text) ?? [];
  const start = opening === undefined ? -1 : text.indexOf(opening);
  const closing = `</${prefix ?? ""}Envelope`;
  const end = text.indexOf(">", text.lastIndexOf(closing));
  if (start < 0 || end < 0 || text.lastIndexOf(closing) < start) throw malformed("no whole SOAP envelope is in it");
  if (/<!\s*(?:DOCTYPE|ENTITY)/i.test(text.slice(0, start))) throw malformed("it holds a DOCTYPE");
  const body = find(parseXml(text.slice(start, end + 1)), "Body");
  if (body === undefined) throw malformed("the SOAP envelope has no body");
  if ([...descendants(body)].some(isAttachment)) {
    throw malformed("its content comes as an attachment (MTOM), which Gatehouse does not read");
  }
  return body.children[0];
};

/** XML-binary Optimized Packaging 2.1: stands in the place of what is in another part. */
const isAttachment = ({ name, attributes }: XmlElement): boolean =>
  name === "Include" && /^cid:/i.test(attributes.get("href") ?? "");

const malformed = (why: string): GatehouseError =>
  new GatehouseError("camera-answer-malformed", `the camera's answer cannot be used: ${why}`);
