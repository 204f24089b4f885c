/** An element to be written. Names are ours and trusted; texts and attribute values may be anything. */
export interface XmlNode {
  /** As it is written, with its prefix. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: readonly (XmlNode | string)[];
}

/** Builds an element: `xml("tds:Hostname", {}, name)`. Undefined contents are left out. */
export const xml = (
  name: string,
  attributes: Readonly<Record<string, string>> = {},
  ...content: readonly (XmlNode | string | undefined)[]
): XmlNode => ({ name, attributes, content: content.filter((part) => part !== undefined) });

/** The document, every value escaped. */
export const writeXml = (root: XmlNode): string => `<?xml version="1.0" encoding="UTF-8"?>${write(root)}`;

const write = (node: XmlNode | string): string => {
  if (typeof node === "string") return escapeXml(node);
  const attributes = Object.entries(node.attributes)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join("");
  if (node.content.length === 0) return `<${node.name}${attributes}/>`;
  return `<${node.name}${attributes}>${node.content.map(write).join("")}</${node.name}>`;
};

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** Text that can stand anywhere in a document. What XML 1.0 cannot hold at all (2.2) becomes U+FFFD. */
export const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    // eslint-disable-next-line no-control-regex -- these are the ones to take out
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"']/g, (sign) => escapes[sign] ?? sign)
    // A parser turns a bare carriage return into a line feed (XML 1.0 2.11), and any white space in an attribute into a space.
    .replace(/[\t\n\r]/g, (sign) => `&#${sign.charCodeAt(0)};`);
