import { failed, notApplicable, passed, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { describeAt, loginsOffered, mainPath, rtspDoors } from "../questions/ask-rtsp.ts";

export const rtspBasic: CameraCheck = {
  id: "RTSP-BASIC",
  scope: "camera",
  severity: "high",
  title: "It takes passwords in readable form",
  why: [
    "For its pictures the camera accepts the password as readable text, over a connection that everybody in your network can listen to.",
    "A device in between can ask programs for just that, and then knows the password.",
  ],
  provision: "5.5-6",
  ncsc: null,
  // What asks for no login offers none.
  parents: ["RTSP-ANON"],
  remedies: [{ remedy: "rtsp-login", plane: "vendor" }],
  guide: (camera) => guideFor("RTSP-BASIC", camera),
  look: async (camera, cancel) => {
    const doors = await rtspDoors(camera, cancel);
    if (doors.length === 0) return notApplicable("It has no RTSP server.");
    const clear = doors.find(({ secure }) => !secure);
    if (clear === undefined) return passed("Its streams are to be had within TLS only.");
    const answer = await describeAt(camera, { door: clear, path: mainPath(camera) }, cancel);
    const offered = loginsOffered(answer).map(({ scheme }) => scheme);
    if (offered.includes("basic")) return failed(`Port ${clear.port} offers Basic, without TLS.`);
    return offered.length > 0
      ? passed(`It offers ${[...new Set(offered)].join(", ")}.`)
      : passed("It offers no Basic.");
  },
};
