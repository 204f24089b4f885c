import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";

export const streamClear: CameraCheck = {
  id: "STREAM-CLEAR",
  scope: "camera",
  severity: "medium",
  title: "Its pictures travel without encryption",
  why: [
    "On their way from the camera to Gatehouse, pictures and sound can be recorded by every device in your network.",
    "From Gatehouse on they are encrypted in any case.",
  ],
  provision: "5.8-1, 5.8-2",
  ncsc: null,
  remedies: [{ remedy: "rtsps-on", plane: "onvif" }],
  guide: (camera) => guideFor("STREAM-CLEAR", camera),
  look: async ({ kind, streams }) => {
    if (streams.length === 0) {
      return kind === "still"
        ? notApplicable("Gatehouse fetches no stream from it.")
        : unknown("The camera does not tell where its streams are.");
    }
    const clear = streams.filter(({ url }) => url.protocol === "rtsp:").map(({ tier }) => `The ${tier} stream is fetched without TLS.`); // prettier-ignore
    return clear.length > 0 ? failed(...clear) : passed("Its streams are fetched within TLS.");
  },
};
