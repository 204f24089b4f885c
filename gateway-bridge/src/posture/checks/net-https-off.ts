import { failed, notApplicable, passed, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { openPorts } from "../questions/open-ports.ts";
import { tlsWebDoors, webPortsOf } from "../questions/web-doors.ts";

export const netHttpsOff: CameraCheck = {
  id: "NET-HTTPS-OFF",
  scope: "camera",
  severity: "medium",
  title: "It cannot be spoken to with encryption",
  why: [
    "Everything that Gatehouse and you say to the camera can be read and changed on the way by every device in your network.",
    "Nobody can tell either whether it is the camera that answers, or something that pretends to be it.",
  ],
  provision: "5.5-1",
  ncsc: null,
  remedies: [{ remedy: "tls-on", plane: "onvif" }],
  guide: (camera) => guideFor("NET-HTTPS-OFF", camera),
  // What the camera says of itself is no proof in either direction: the port decides.
  look: async (camera, cancel) => {
    // What is broken is no encryption.
    const door = (await tlsWebDoors(camera, cancel)).find(({ modern, old }) => (modern ?? old) !== undefined);
    if (door !== undefined) return passed(`Port ${door.port} speaks TLS.`);
    const { http, https, saysHttps } = await webPortsOf(camera, cancel);
    const says = saysHttps === true ? ["It says that HTTPS is on."] : [];
    if (camera.kind !== "onvif" && (await openPorts(camera, http, cancel)).length === 0) {
      return notApplicable("It has no web page.");
    }
    return failed(`Nothing speaks TLS at ${https.length === 1 ? "port" : "the ports"} ${https.join(", ")}.`, ...says);
  },
};
