import { isGatehouseError, type Cancellable, type GatehouseError } from "@gatehouse/shared";

import { failed, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import type { CameraIdentity, ProbedCamera } from "../probe/probed-camera.ts";
import { callDiscovery } from "../questions/call-discovery.ts";
import { callUpnp, describeUpnp } from "../questions/call-upnp.ts";
import { revealedIn } from "../questions/revealed-policy.ts";

/** What GetDeviceInformation tells strangers is ONVIF-ANON-READ's matter. */
export const discInfo: CameraCheck = {
  id: "DISC-INFO",
  scope: "camera",
  severity: "low",
  title: "It tells strangers exactly what it is",
  why: [
    "Before anybody has logged in, the camera tells its firmware's version or its serial number.",
    "Whoever wants to break in then knows which fault to use; with some makers the serial number is half of the cloud's login.",
  ],
  provision: "5.6-2",
  ncsc: null,
  remedies: [],
  guide: (camera) => guideFor("DISC-INFO", camera),
  look: async (camera, cancel) => {
    const { serial, firmware } = camera.identity;
    if (serial === "" && firmware === "")
      return unknown("The camera does not tell the gateway its serial number or firmware, so none can be looked for.");
    const told = await whatItTells(camera, cancel);
    const findings = told.flatMap(([where, text]) => revealed(camera.identity, where, text));
    return findings.length === 0
      ? passed("Neither its page nor its answers to calls tell its serial number or firmware.")
      : failed(...findings);
  },
};

const whatItTells = async (
  camera: ProbedCamera,
  cancel: Cancellable,
): Promise<readonly (readonly [where: string, text: string])[]> => {
  return [
    ["Its page", await pageOf(camera, cancel)],
    ["Its answer to WS-Discovery", (await callDiscovery(camera, cancel))?.text ?? ""],
    ["Its answer to UPnP", (await callUpnp(camera, cancel))?.server ?? ""],
    ["Its UPnP description", (await describeUpnp(camera, cancel))?.text ?? ""],
  ];
};

/** Nothing where it has none: some serve ONVIF alone, and hang up on whoever asks for a page. */
const pageOf = async (camera: ProbedCamera, cancel: Cancellable): Promise<string> => {
  try {
    const ask = () => camera.http.request({ method: "GET", path: "/" }, { kind: "nobody" }, cancel);
    const { headers, body } = await camera.once("http nobody /", ask);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    return `${lines.join("\n")}\n${body.toString("utf8")}`;
  } catch (error) {
    cancel.signal.throwIfAborted();
    if (isGatehouseError(error) && hungUp(error)) return "";
    throw error;
  }
};

/** One that takes too long may yet tell it: then nobody knows. */
const hungUp = ({ code, details }: GatehouseError): boolean =>
  code === "camera-answer-malformed" || (code === "camera-unreachable" && details["disconnected"] === true);

const revealed = (identity: CameraIdentity, where: string, text: string): readonly string[] =>
  revealedIn(text, identity).map((what) => `${where} tells its ${what}.`);
