import { describe, expect, it } from "@jest/globals";

import { scriptedCamera, type CameraScript } from "../checks/testing/scripted-camera.ts";
import { recognise } from "./recognise.ts";

const never = { signal: new AbortController().signal };

/** The device service is at port 8000, and nothing else answers as a page unless told. */
const askedOf = async (http: CameraScript["http"] = {}) => {
  const camera = scriptedCamera({ device: "http://192.168.1.20:8000/onvif/device_service", http });
  return { vendor: await recognise(camera.http, never), asked: camera.asked };
};

const activation = (activated: string): { body: string } => ({
  body: `<ActivateStatus><Activated>${activated}</Activated></ActivateStatus>`,
});

describe("recognise", () => {
  it.each<[string, NonNullable<CameraScript["http"]>, string]>([
    ["its title, where the device service is", { "GET /": { body: "<TITLE>Reolink</TITLE>" } }, "reolink"],
    ["its title, where pages usually are", { "GET :80/": { body: "<title>TP-Link</title>" } }, "tapo"],
    ["its title, within TLS", { "GET :443/": { body: "<title>AXIS</title>" } }, "axis"],
    ["its server", { "GET /": { headers: { server: "DNVRS-Webs" } } }, "hikvision"],
    ["that nobody has activated it", { "GET /SDK/activateStatus": activation("false") }, "hikvision"],
    ["that it is activated", { "GET :443/SDK/activateStatus": activation("true") }, "hikvision"],
    ["a page for whatever is asked", { "GET /SDK/activateStatus": { body: "<html>Welcome</html>" } }, "other"],
    ["rubbish", { "GET /SDK/activateStatus": { body: "<Activated>" } }, "other"],
    ["an activation that is refused", { "GET /SDK/activateStatus": { status: 401, ...activation("true") } }, "other"],
    ["a name in its text alone", { "GET /": { body: "<title>Camera</title>not by Reolink" } }, "other"],
    ["nothing", {}, "other"],
  ])("goes by %s", async (_, http, vendor) => expect((await askedOf(http)).vendor).toBe(vendor));

  it("asks for what everybody may have, and logs in nowhere", async () => {
    const { asked } = await askedOf();
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((question) => !/^http nobody GET /.test(question))).toEqual([]);
  });

  it("stops at the first sign", async () => {
    expect((await askedOf({ "GET /": { body: "<title>Reolink</title>" } })).asked).toEqual(["http nobody GET /"]);
  });
});
