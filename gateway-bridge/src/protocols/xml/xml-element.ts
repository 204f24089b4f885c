/** One element of a parsed document. Every text is as the sender wrote it: nothing is turned into a number or a date. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  /** The namespace that its prefix stands for; empty where it is not declared. */
  readonly namespace: string;
  /** Attribute values by local name; namespace declarations are not among them. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** Its own text, without that of its children, trimmed. */
  readonly text: string;
}

/**
 * The first descendant reached by these local names. Namespaces are not compared: many cameras get them wrong,
 * and within one answer the local names are unambiguous.
 */
export const find = (element: XmlElement | undefined, ...path: readonly string[]): XmlElement | undefined => {
  let at = element;
  for (const name of path) at = at?.children.find((child) => child.name === name);
  return at;
};

/** Every child of that local name. */
export const findAll = (element: XmlElement | undefined, name: string): readonly XmlElement[] =>
  element?.children.filter((child) => child.name === name) ?? [];

/** The text found under the path; empty where there is none. */
export const textAt = (element: XmlElement | undefined, ...path: readonly string[]): string =>
  find(element, ...path)?.text ?? "";

/** The element itself and everything below it, in document order. */
export const descendants = function* (element: XmlElement): Generator<XmlElement> {
  yield element;
  for (const child of element.children) yield* descendants(child);
};
