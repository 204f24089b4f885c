import { failed, notApplicable, passed, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";

/** ONVIF Core 5.9.3: a camera should refuse what is older than some minutes. */
const oldMs = 60 * 60_000;

export const onvifReplay: CameraCheck = {
  id: "ONVIF-REPLAY",
  scope: "camera",
  severity: "medium",
  title: "A login that was overheard can be used again",
  why: [
    "Whoever records one login in your network can send the same bytes later, and the camera does what it did then.",
    "For that, nobody has to know the password.",
  ],
  provision: "5.1-3",
  ncsc: null,
  // A camera that asks for no login takes every one, however often.
  // Where a password is known to everybody, nobody needs an old login; and what this check sends counts against the account, which is about to
  // get another password.
  parents: ["CAM-PWD-DEFAULT", "CAM-PWD-EMPTY", "ONVIF-ANON-READ", "ONVIF-ANON-SECRET"],
  remedies: [{ remedy: "replay-protection", plane: "vendor" }],
  guide: (camera) => guideFor("ONVIF-REPLAY", camera),
  look: async (camera, cancel) => {
    if (camera.kind !== "onvif") return notApplicable("It is not asked by ONVIF.");
    if (camera.username === undefined) return notApplicable("It asks for no login.");
    const taken = await camera.onvif.replay(oldMs, cancel);
    if (taken === undefined) return notApplicable("It takes no logins that could be sent again (UsernameToken).");
    const evidence = [
      ...(taken.twice ? ["The same login was taken twice."] : []),
      ...(taken.old ? ["A login made an hour ago was taken."] : []),
    ];
    return evidence.length > 0 ? failed(...evidence) : passed("A login is taken once, and only while it is new.");
  },
};
