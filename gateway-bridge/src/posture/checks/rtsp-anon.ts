import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { describeAt, rtspDoors, type Description } from "../questions/ask-rtsp.ts";
import { streamRoutes } from "../questions/stream-routes.ts";

export const rtspAnon: CameraCheck = {
  id: "RTSP-ANON",
  scope: "camera",
  severity: "critical",
  title: "Anybody can watch its pictures",
  why: [
    "The camera plays its live pictures to whoever asks, without a password.",
    "Anybody in your network, and any hacked device in it, can watch.",
  ],
  provision: "5.5-4, 5.8-1",
  ncsc: null,
  remedies: [{ remedy: "rtsp-login", plane: "vendor" }],
  guide: (camera) => guideFor("RTSP-ANON", camera),
  look: async (camera, cancel) => {
    const doors = await rtspDoors(camera, cancel);
    if (doors.length === 0) return notApplicable("It has no RTSP server.");
    let refusals = 0;
    for (const door of doors) {
      for (const { path, name } of streamRoutes(camera)) {
        const answer = await describeAt(camera, { door, path }, cancel);
        if (answer.setUp) return failed(`${name} opens without a login at port ${door.port}.`);
        if (isRefusal(answer)) refusals += 1;
      }
    }
    return refusals > 0 ? passed("It asks for a login.") : unknown("None of its streams answered as one.");
  },
};

const isRefusal = ({ status }: Description): boolean => status === 401 || status === 403;
