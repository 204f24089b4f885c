import { describe, expect, it } from "@jest/globals";

import { deepestNesting, parseXml } from "./parse-xml.ts";
import { escapeXml, writeXml, xml } from "./write-xml.ts";
import { descendants, find, findAll, textAt } from "./xml-element.ts";

const malformed = expect.objectContaining({ code: "camera-answer-malformed" });

describe("parseXml", () => {
  it("keeps every text as it was written", () => {
    const root = parseXml("<a><v>5.10</v><v>000</v><v>12345678901234567890</v><v>true</v><v> 1e3 </v></a>");
    expect(findAll(root, "v").map(({ text }) => text)).toEqual(["5.10", "000", "12345678901234567890", "true", "1e3"]);
  });

  it("resolves namespaces by scope, not by prefix", () => {
    const root = parseXml(
      '<a:x xmlns:a="u1"><a:y xmlns:a="u2"/><z xmlns="u3"><b:w/></z><a:v a:k="1" xml:lang="en"/></a:x>',
    );
    expect([...descendants(root)].map(({ name, namespace }) => `${namespace}|${name}`)).toEqual(
      ["u1|x", "u2|y", "u3|z", "|w", "u1|v"], // prettier-ignore
    );
    expect(find(root, "v")?.attributes).toEqual(new Map([["k", "1"], ["lang", "en"]])); // prettier-ignore
  });

  it("decodes the predefined entities and character references, once", () => {
    expect(parseXml("<a>&amp;amp; &lt;&gt;&quot;&apos; &#38; &#x41; &#0; &#xD800; &nope;</a>").text).toBe(
      `&amp; <>"' & A &#0; &#xD800; &nope;`,
    );
    expect(parseXml('<a b="x&amp;y"/>').attributes.get("b")).toBe("x&y");
    expect(parseXml("<a><![CDATA[<b>&amp;</b>]]></a>").text).toBe("<b>&amp;</b>");
  });

  it("joins the text round its children and keeps their order", () => {
    const root = parseXml("<a> one <b>x</b> two <c/><b>y</b></a>");
    expect(root.text).toBe("one  two");
    expect(root.children.map(({ name, text }) => name + text)).toEqual(["bx", "c", "by"]);
    expect(textAt(root, "b")).toBe("x");
    expect(textAt(root, "b", "nowhere")).toBe("");
  });

  it.each([
    ["nothing", ""],
    ["no element", "hello"],
    ["two roots", "<a/><b/>"],
    ["a DOCTYPE", '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'],
    ["a DOCTYPE in small letters behind a comment", "<!-- x --><!doctype a><a/>"],
    ["an unfinished tag", "<a"],
    ["a name that reaches into prototypes", "<a><__proto__>1</__proto__></a>"],
    ["too deep a nesting", "<a>".repeat(deepestNesting + 2) + "</a>".repeat(deepestNesting + 2)],
  ])("refuses %s", (_, document) => {
    expect(() => parseXml(document)).toThrow(malformed);
  });
});

describe("writeXml", () => {
  it("escapes every value, so that what is read back is what was given", () => {
    const hostile = `a&b<c>"d"'e'</x:A><evil/>]]>\r\n\t&#65;é😀`;
    const root = parseXml(
      writeXml(xml("x:A", { "xmlns:x": "u", k: hostile }, xml("B", {}, "-", hostile, "-"), undefined)),
    );
    expect(root.attributes.get("k")).toBe(hostile);
    expect(textAt(root, "B")).toBe(`-${hostile}-`);
    expect(root.children).toHaveLength(1);
  });

  it("replaces what XML cannot hold", () => {
    expect(escapeXml("a\u0000b\ud800c\uffffd")).toBe("a\ufffdb\ufffdc\ufffdd");
  });
});
