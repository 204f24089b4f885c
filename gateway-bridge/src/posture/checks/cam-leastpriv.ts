import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { accountsOf } from "../questions/ask-onvif.ts";

export const camLeastpriv: CameraCheck = {
  id: "CAM-LEASTPRIV",
  scope: "camera",
  severity: "low",
  title: "Its pictures are fetched with an account that may change everything",
  why: [
    "The account that fetches pictures is used all day, and on the way its login can be listened to.",
    "Where it may only watch, whoever learns it can change nothing.",
  ],
  provision: "5.6-7",
  ncsc: null,
  remedies: [{ remedy: "streaming-user", plane: "onvif" }],
  guide: (camera) => guideFor("CAM-LEASTPRIV", camera),
  look: async (camera, cancel) => {
    if (camera.kind !== "onvif") return notApplicable("Only ONVIF tells what an account may do.");
    if (camera.streamUsername === undefined) return notApplicable("Its pictures are fetched without an account.");
    const accounts = await accountsOf(camera, cancel);
    if (accounts.kind === "fault") return unknown(accounts.why);
    // Listing accounts is for administrators (ONVIF Core, access class READ_SYSTEM_SECRET).
    if (accounts.kind === "refused") {
      if (camera.streamUsername === camera.username) return passed("The account may not even list accounts.");
      return unknown("The gateway's account may not list the camera's accounts.");
    }
    const own = accounts.value.find(({ username }) => username === camera.streamUsername);
    if (own === undefined) return unknown(`The camera does not list the account ${camera.streamUsername}.`);
    const evidence = `The account ${own.username} has the level ${own.level}.`;
    return own.level.toLowerCase() === "administrator" ? failed(evidence) : passed(evidence);
  },
};
