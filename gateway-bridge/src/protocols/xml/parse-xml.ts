import { GatehouseError, isError } from "@gatehouse/shared";
import { XMLParser } from "fast-xml-parser";

import type { XmlElement } from "./xml-element.ts";

/** Deeper documents are refused; real ones stay under 20. */
export const deepestNesting = 64;

/** Entities are decoded by `decode` below, so that nothing a document declares can ever take part. */
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  cdataPropName: "#cdata",
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: deepestNesting,
});

/**
 * The root element of an XML document that somebody hostile may have written.
 * Total: malformed input throws `camera-answer-malformed`, as does any DOCTYPE (SOAP 1.2 part 1, 5: there shall be none).
 */
export const parseXml = (document: Uint8Array | string): XmlElement => {
  const text = typeof document === "string" ? document : Buffer.from(document).toString("utf8");
  if (/<!\s*(?:DOCTYPE|ENTITY)/i.test(text)) throw malformed("it holds a DOCTYPE, which could declare entities");
  const roots = toElements(parse(text), new Map(xmlNamespace));
  const [root] = roots.children;
  if (root === undefined || roots.children.length > 1) throw malformed("it is not one XML element");
  return root;
};

const malformed = (why: string, cause?: unknown): GatehouseError =>
  new GatehouseError("camera-answer-malformed", `the answer is not the XML it should be: ${why}`, { cause });

const parse = (text: string): unknown => {
  try {
    return parser.parse(text);
  } catch (cause) {
    throw malformed(isError(cause) ? cause.message.slice(0, 200) : "it cannot be read", cause);
  }
};

/** Namespaces in scope by prefix. */
type Scope = ReadonlyMap<string, string>;
const xmlNamespace: Scope = new Map([["xml", "http://www.w3.org/XML/1998/namespace"]]);
const attributesKey = ":@";

/** Turns the parser's list of nodes into elements, and the text between them. */
const toElements = (nodes: unknown, scope: Scope): Pick<XmlElement, "children" | "text"> => {
  const children: XmlElement[] = [];
  let text = "";
  for (const node of Array.isArray(nodes) ? (nodes as Readonly<Record<string, unknown>>[]) : []) {
    const key = Object.keys(node).find((name) => name !== attributesKey);
    if (key === undefined) continue;
    if (key === "#text") text += decode(String(node[key]));
    else if (key === "#cdata") text += cdata(node[key]);
    else children.push(toElement(key, node, scope));
  }
  return { children, text: text.trim() };
};

const cdata = (nodes: unknown): string => {
  const [first] = Array.isArray(nodes) ? (nodes as Readonly<Record<string, unknown>>[]) : [];
  const text = first?.["#text"];
  return typeof text === "string" ? text : "";
};

const toElement = (tag: string, node: Readonly<Record<string, unknown>>, outer: Scope): XmlElement => {
  const written = Object.entries((node[attributesKey] ?? {}) as Readonly<Record<string, unknown>>);
  const scope = new Map(outer);
  const attributes = new Map<string, string>();
  for (const [name, value] of written) {
    const decoded = decode(String(value));
    if (name === "xmlns") scope.set("", decoded);
    else if (name.startsWith("xmlns:")) scope.set(name.slice("xmlns:".length), decoded);
    else attributes.set(localName(name), decoded);
  }
  const colon = tag.indexOf(":");
  const namespace = scope.get(colon < 0 ? "" : tag.slice(0, colon)) ?? "";
  return { name: localName(tag), namespace, attributes, ...toElements(node[tag], scope) };
};

const localName = (name: string): string => name.slice(name.indexOf(":") + 1);

const predefined: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** XML 1.0 4.1 and 4.6: character references and the five predefined entities. What is neither stays as it is. */
const decode = (text: string): string =>
  text.includes("&")
    ? text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos));/gi, (whole, decimal, hex, name) => {
        if (typeof name === "string") return predefined[name.toLowerCase()] ?? whole;
        const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16);
        return isCharacter(code) ? String.fromCodePoint(code) : whole;
      })
    : text;

/** XML 1.0 2.2: Char. */
const isCharacter = (code: number): boolean =>
  code === 0x9 ||
  code === 0xa ||
  code === 0xd ||
  (code >= 0x20 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  (code >= 0x10000 && code <= 0x10ffff);
