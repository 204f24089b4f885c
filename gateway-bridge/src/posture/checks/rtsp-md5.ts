import { getDeviceCapabilities } from "../../protocols/onvif/management/capabilities.ts";
import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { askOnvif } from "../questions/ask-onvif.ts";
import { describeAt, digestAlgorithm, loginsOffered, mainPath, rtspDoors } from "../questions/ask-rtsp.ts";

export const rtspMd5: CameraCheck = {
  id: "RTSP-MD5",
  scope: "camera",
  severity: "low",
  title: "It proves passwords by an outdated method, though it knows a better one",
  why: [
    "Whoever records a login that was made by MD5 can try billions of passwords a second against it at home.",
    "The camera knows SHA-256, which is harder to try against, and does not offer it.",
  ],
  provision: "5.5-1",
  ncsc: null,
  parents: ["RTSP-ANON"],
  remedies: [{ remedy: "hashing-sha256", plane: "onvif" }],
  guide: (camera) => guideFor("RTSP-MD5", camera),
  look: async (camera, cancel) => {
    if (camera.kind !== "onvif") return notApplicable("Only ONVIF tells what else a camera knows.");
    const asked = { as: "gateway", what: "GetServiceCapabilities", ask: getDeviceCapabilities } as const;
    const capabilities = await askOnvif(camera, asked, cancel);
    if (capabilities.kind !== "answer") return unknown("The camera does not tell which methods it knows.");
    const known = capabilities.value.security.hashingAlgorithms;
    if (!known.some((name) => name.toUpperCase() === "SHA-256")) return notApplicable("The camera knows MD5 alone.");
    const [door] = await rtspDoors(camera, cancel);
    if (door === undefined) return notApplicable("It has no RTSP server.");
    const answer = await describeAt(camera, { door, path: mainPath(camera) }, cancel);
    const digests = loginsOffered(answer).filter(({ scheme }) => scheme === "digest").map(digestAlgorithm); // prettier-ignore
    if (digests.length === 0) return unknown("It offered no login of this kind.");
    return digests.includes("SHA-256")
      ? passed("It offers SHA-256.")
      : failed(`It offers ${digests.join(", ")} alone.`);
  },
};
