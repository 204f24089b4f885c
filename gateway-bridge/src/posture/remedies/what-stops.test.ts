import type { RemedyId } from "@gatehouse/shared";
import { describe, expect, it } from "@jest/globals";

import { scriptedCamera } from "../checks/testing/scripted-camera.ts";
import { routerGuide } from "../guides/router-guide.ts";
import type { MendedCamera, Preview } from "../remedy.ts";
import { ipFilter } from "./ip-filter.ts";
import { egressOffFrom } from "./egress-off.ts";
import { cancel, ObedientCamera } from "./testing/obedient-camera.ts";
import { vendorRemedies } from "./vendor/vendor-remedies.ts";

const own = (): Promise<string> => Promise.resolve("192.168.1.2");

/** A camera of a maker whose cloud and UPnP are on. */
const axis = (): MendedCamera => {
  const camera = scriptedCamera({
    identity: { vendor: "axis" },
    http: {
      "GET /axis-cgi/param.cgi?action=list&group=Brand": { status: 401 },
      "GET /axis-cgi/param.cgi?action=list&group=root.RemoteService": { body: "root.RemoteService.Enabled=oneclick\n" },
      "GET /axis-cgi/param.cgi?action=list&group=root.Network.UPnP": { body: "root.Network.UPnP.Enabled=yes\n" },
    },
  });
  return { ...camera, credentials: undefined, options: { vendor: true, firmware: undefined } };
};
const inMakersWords = (id: RemedyId) => () => vendorRemedies.find((one) => one.id === id)!.preview(axis(), cancel);
const inOnvif = (remedy: { preview: (camera: MendedCamera, within: typeof cancel) => Promise<unknown> }) => () =>
  remedy.preview(new ObedientCamera().open(), cancel) as Promise<Preview>;

describe("what stops working is named before anything is done", () => {
  it.each<[string, () => Promise<unknown>, readonly RegExp[]]>([
    ["p2p-off", inMakersWords("p2p-off"), [/maker's app.*alerts/i, /Alexa or Google/]],
    ["upnp-off", inMakersWords("upnp-off"), [/from the internet/]],
    ["egress-off", inOnvif(egressOffFrom(own)), [/app.*alerts.*Alexa/, /no longer updates itself/]],
    ["ip-filter", inOnvif(ipFilter), [/no phone, no recorder/, /another address/]],
  ])("by %s", async (_, preview, told) => {
    const { stops } = (await preview()) as Preview;
    for (const pattern of told) expect(stops.join("\n")).toMatch(pattern);
  });

  it("by a router without UPnP: games", () => {
    expect(routerGuide("upnp")({ routerPage: null }).steps.join(" ")).toMatch(/game consoles/);
  });
});
