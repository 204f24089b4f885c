/** Simulated cameras answer in the words of real ones: what they say has no element that the captures of their make have not. */
import { expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { readEnvelope } from "../../gateway-bridge/src/protocols/onvif/soap-envelope.ts";
import type { XmlElement } from "../../gateway-bridge/src/protocols/xml/xml-element.ts";
import { FleetCamera } from "../simulator/fleet/fleet-camera.ts";
import { captures, describeWithCaptures } from "../support/captures.ts";

/** Depends on how a camera is set: those that were captured had no filter's address, and theirs from the router. */
const set = /\/(IPAddressFilter\/IPv4Address|IPv4\/Config\/Manual)(\/|$)/;

/** Every element, by where it stands. */
const placesIn = (element: XmlElement, above = ""): readonly string[] => {
  const here = `${above}/${element.name.replace(/^.*:/, "")}`;
  return [here, ...element.children.flatMap((child) => placesIn(child, here))];
};
const read = (answer: Buffer): readonly string[] => placesIn(readEnvelope(answer)!);

const ask = async ({ facts }: FleetCamera, operation: string): Promise<Buffer | undefined> => {
  const question = `<${operation} xmlns="http://www.onvif.org/ver10/device/wsdl"/>`;
  const body = `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>${question}</s:Body></s:Envelope>`;
  const headers = { "content-type": "application/soap+xml" };
  const answer = await fetch(facts.onvifUrl, { method: "POST", body, headers });
  const content = Buffer.from(await answer.arrayBuffer());
  return answer.ok ? content : undefined;
};

describeWithCaptures("what a simulated camera says of itself", () => {
  it.each([
    ["axis", 16],
    ["hikvision", 19],
  ] as const)("%s says as captured ones do, to %i questions at least", async (brand, least) => {
    const weaknesses = { "ONVIF-ANON-READ": true, "ONVIF-ANON-SECRET": true, "NET-HTTPS-OFF": true } as const;
    await using camera = await FleetCamera.open({ brand, weaknesses });
    const folder = join(captures, "onvif", brand, "core");
    const answered: string[] = [];
    for (const file of readdirSync(folder).filter((name) => /^Get.*\.Response\.xml$/.test(name))) {
      const operation = file.replace(".Response.xml", "");
      const answer = await ask(camera, operation);
      if (answer === undefined) continue;
      answered.push(operation);
      const real = new Set(read(readFileSync(join(folder, file))));
      const invented = read(answer).filter((place) => !real.has(place) && !set.test(place));
      expect({ operation, invented }).toEqual({ operation, invented: [] });
    }
    expect(answered.length).toBeGreaterThanOrEqual(least);
  });
});
