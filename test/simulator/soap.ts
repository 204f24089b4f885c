/** A piece of XML as the device reads it. Elements are found by local name: clients choose prefixes freely. */
export class XmlPart {
  readonly #xml: string;

  constructor(xml: string) {
    this.#xml = xml;
  }

  /** Text of the first element of that name. */
  text(name: string): string | undefined {
    const [, text] = new RegExp(`<(?:[\\w-]+:)?${name}(?:\\s[^>]*)?>([^<]*)<`).exec(this.#xml) ?? [];
    return text === undefined ? undefined : unescapeXml(text.trim());
  }

  /** Text of every element of that name. */
  texts(name: string): string[] {
    return this.parts(name).map((part) => unescapeXml(part.#xml.trim()));
  }

  /** The insides of every element of that name; one that holds another of its name ends with the inner one. */
  parts(name: string): XmlPart[] {
    const tag = new RegExp(`<(?:[\\w-]+:)?${name}(?:\\s[^>]*?)?(?:/>|>([^]*?)</(?:[\\w-]+:)?${name}\\s*>)`, "g");
    return Array.from(this.#xml.matchAll(tag), ([, inside = ""]) => new XmlPart(inside));
  }
}

/** A request as the device reads it. */
export class SoapRequest extends XmlPart {
  /** Local name of the body's element: `GetProfiles`. */
  readonly operation: string;
  /** Each without the other: both may name a user. */
  readonly header: XmlPart;
  readonly body: XmlPart;

  private constructor(operation: string, xml: string) {
    super(xml);
    this.operation = operation;
    this.header = new XmlPart(/<(?:[\w-]+:)?Header\b[^>]*>([^]*?)<\/(?:[\w-]+:)?Header>/.exec(xml)?.[1] ?? "");
    this.body = new XmlPart(/<(?:[\w-]+:)?Body\b[^>]*>([^]*)/.exec(xml)?.[1] ?? "");
  }

  /** @throws SoapFault when it is no envelope */
  static parse(xml: string): SoapRequest {
    const [, operation] = /<(?:[\w-]+:)?Body\b[^>]*>\s*<(?:[\w-]+:)?([\w-]+)/.exec(xml) ?? [];
    if (operation === undefined || xml.includes("<!DOCTYPE")) {
      throw new SoapFault("ter:WellFormed", "the request is not a SOAP envelope");
    }
    return new SoapRequest(operation, xml);
  }
}

/** Answers a request with the content of its response element. The signal tells that the client has gone. */
export type SoapOperation = (
  request: SoapRequest,
  cancel: { readonly signal: AbortSignal },
) => string | Promise<string>;

/** A service's operations by name. */
export type SoapOperations = Readonly<Record<string, SoapOperation>>;

/** What the device answers when it will not do a thing: SOAP 1.2 faults as ONVIF Core 5.8.2.2 lists them. */
export class SoapFault extends Error {
  readonly subcode: string;

  constructor(subcode: string, reason: string) {
    super(reason);
    this.subcode = subcode;
  }

  toXml(): string {
    return (
      `<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>${this.subcode}</s:Value></s:Subcode></s:Code>` +
      `<s:Reason><s:Text xml:lang="en">${escapeXml(this.message)}</s:Text></s:Reason></s:Fault>`
    );
  }
}

const namespaces = {
  s: "http://www.w3.org/2003/05/soap-envelope",
  wsa: "http://www.w3.org/2005/08/addressing",
  wsnt: "http://docs.oasis-open.org/wsn/b-2",
  "wsrf-rw": "http://docs.oasis-open.org/wsrf/rw-2",
  wstop: "http://docs.oasis-open.org/wsn/t-1",
  tt: "http://www.onvif.org/ver10/schema",
  tds: "http://www.onvif.org/ver10/device/wsdl",
  trt: "http://www.onvif.org/ver10/media/wsdl",
  tr2: "http://www.onvif.org/ver20/media/wsdl",
  tas: "http://www.onvif.org/ver10/advancedsecurity/wsdl",
  timg: "http://www.onvif.org/ver20/imaging/wsdl",
  tev: "http://www.onvif.org/ver10/events/wsdl",
  tns1: "http://www.onvif.org/ver10/topics",
  ter: "http://www.onvif.org/ver10/error",
} as const;

const declarations = Object.entries(namespaces)
  .map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`)
  .join(" ");

/** An envelope round a body, with WS-Addressing headers where the request had an id to relate to. */
export const envelope = (body: string, header = ""): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<s:Envelope ${declarations}>` +
  `${header === "" ? "" : `<s:Header>${header}</s:Header>`}<s:Body>${body}</s:Body></s:Envelope>`;

const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" } as const;

export const escapeXml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character as keyof typeof entities]);

const unescapeXml = (text: string): string =>
  Object.entries(entities).reduceRight((left, [character, entity]) => left.replaceAll(entity, character), text);

/** An element; its content is XML already. */
export const element = (name: string, ...content: readonly string[]): string =>
  `<${name}>${content.join("")}</${name.split(" ")[0] ?? name}>`;

/** Milliseconds of an XML duration such as `PT1M30S`, or undefined. */
export const parseDuration = (text: string): number | undefined => {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(text);
  if (match === null) return undefined;
  const [days, hours, minutes, seconds] = match.slice(1).map((part) => Number((part as string | undefined) ?? 0));
  return (((days! * 24 + hours!) * 60 + minutes!) * 60 + seconds!) * 1_000;
};

/** An XML date and time without fractions, as cameras write it. */
export const dateTime = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`;
