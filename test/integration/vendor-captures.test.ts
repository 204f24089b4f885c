/** Who made a camera, by each single thing that real ones were heard to say: never somebody else. */
import { expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { vendorOf, type VendorClues } from "../../gateway-bridge/src/posture/vendor-policy.ts";
import { readScopes } from "../../gateway-bridge/src/protocols/onvif/management/discovery.ts";
import { readNetworkInterfaces } from "../../gateway-bridge/src/protocols/onvif/management/network-interfaces.ts";
import { readEnvelope } from "../../gateway-bridge/src/protocols/onvif/soap-envelope.ts";
import { descendants, textAt, type XmlElement } from "../../gateway-bridge/src/protocols/xml/xml-element.ts";
import { captures, describeWithCaptures } from "../support/captures.ts";

type Clue = keyof VendorClues;

/** What an answer tells of its maker; nothing for most. */
const cluesIn = (body: XmlElement): readonly VendorClues[] => {
  const uris = [...descendants(body)].filter(({ name, text }) => name === "Uri" && text.startsWith("rtsp:"));
  const scopes = readScopes(body).map(({ uri }) => uri);
  const told: readonly VendorClues[] = [
    { manufacturer: textAt(body, "Manufacturer") },
    { model: textAt(body, "Model") },
    { scopes },
    ...readNetworkInterfaces(body).map(({ mac }) => ({ mac })),
    ...uris.map(({ text }) => ({ stream: new URL(text).pathname })),
  ];
  return told.filter((clues) =>
    Object.values(clues as Readonly<Record<string, string | readonly string[]>>).some((value) => value.length > 0),
  );
};

/** The path of a described stream. */
const streamIn = (transcript: string): readonly VendorClues[] => {
  const base = /^Content-Base: (\S+)/im.exec(transcript)?.[1];
  return base === undefined ? [] : [{ stream: new URL(base).pathname }];
};

describeWithCaptures("what real cameras were heard to say", () => {
  const onvif = join(captures, "onvif");
  const answers = readdirSync(onvif, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".Response.xml"),
  );
  const rtsp = join(captures, "rtsp");
  const heard: readonly (readonly [maker: string, clues: VendorClues])[] = [
    ...answers.flatMap((name) => {
      const body = readEnvelope(readFileSync(join(onvif, name)));
      const [maker = ""] = name.split("/");
      return body === undefined ? [] : cluesIn(body).map((clues) => [maker, clues] as const);
    }),
    ...readdirSync(rtsp).flatMap((name) => {
      const [maker = ""] = name.split("_");
      return streamIn(readFileSync(join(rtsp, name), "latin1")).map((clues) => [maker, clues] as const);
    }),
  ];

  it("names the maker, or nobody", () => {
    expect(heard.length).toBeGreaterThan(10);
    const wrong = heard.filter(([maker, clues]) => !["other", maker].includes(vendorOf(clues)));
    expect(wrong).toEqual([]);
  });

  it.each<[string, readonly Clue[]]>([
    ["axis", ["manufacturer", "scopes", "mac", "stream"]],
    ["hikvision", ["manufacturer", "model", "scopes", "mac", "stream"]],
    ["dahua", ["stream"]],
    ["reolink", ["stream"]],
  ])("names %s by each of %j alone", (maker, clues) => {
    const naming = heard.filter(([of, said]) => of === maker && vendorOf(said) === maker);
    const by = new Set(naming.flatMap(([, said]) => Object.keys(said)));
    expect([...by].toSorted()).toEqual(clues.toSorted());
  });
});
