import { describe, expect, it } from "@jest/globals";

import { scriptedCamera, type CameraScript } from "../checks/testing/scripted-camera.ts";
import { findPage } from "./find-page.ts";

const never = { signal: new AbortController().signal };
const protocols = (name: string, ...ports: readonly number[]): CameraScript["onvif"] => ({
  GetNetworkProtocols: `<GetNetworkProtocolsResponse><NetworkProtocols><Name>${name}</Name><Enabled>true</Enabled>${ports.map((port) => `<Port>${port}</Port>`).join("")}</NetworkProtocols></GetNetworkProtocolsResponse>`,
});
const tls = { modern: {} };

describe("where a person opens a camera's page", () => {
  it.each<[string, CameraScript, unknown]>([
    ["at the usual port", { tcp: { 80: "" } }, { secure: false, port: 80 }],
    [
      "not at ONVIF's own port where there is the usual one",
      { device: "http://192.168.1.20:8000/onvif/device_service", tcp: { 80: "", 8000: "" } },
      { secure: false, port: 80 },
    ],
    ["at the port that it names", { tcp: { 8080: "" }, onvif: protocols("HTTP", 8080) }, { secure: false, port: 8080 }],
    ["within TLS where there is both", { tcp: { 80: "", 443: "" }, tls: { 443: tls } }, { secure: true, port: 443 }],
    [
      "within TLS at the port that it names",
      { tcp: { 8443: "" }, tls: { 8443: tls }, onvif: protocols("HTTPS", 8443) },
      { secure: true, port: 8443 },
    ],
    [
      "not where browsers do not go any more",
      { tcp: { 80: "", 443: "" }, tls: { 443: { old: {} } } },
      { secure: false, port: 80 },
    ],
    ["nowhere where nothing answers", {}, undefined],
  ])("is %s", async (_, script, page) => {
    expect(await findPage(scriptedCamera(script), never)).toEqual(page);
  });
});
