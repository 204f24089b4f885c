import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { accountsOf } from "../questions/ask-onvif.ts";
import { builtInAccounts } from "../rules/default-logins.ts";

export const camUsersExtra: CameraCheck = {
  id: "CAM-USERS-EXTRA",
  scope: "camera",
  severity: "high",
  title: "It has accounts that nobody needs",
  why: [
    "Each account that may change the camera is one more password that somebody can know, guess or have kept.",
    "Intruders make one for themselves, so that they can come back after the password was changed.",
  ],
  provision: "5.6-7",
  ncsc: null,
  remedies: [{ remedy: "remove-users", plane: "onvif" }],
  guide: (camera) => guideFor("CAM-USERS-EXTRA", camera),
  look: async (camera, cancel) => {
    if (camera.kind !== "onvif") return notApplicable("Only ONVIF lists a camera's accounts.");
    const accounts = await accountsOf(camera, cancel);
    if (accounts.kind === "refused") return unknown("The gateway's account may not list the camera's accounts.");
    if (accounts.kind === "fault") return unknown(accounts.why);
    const expected = new Set([camera.username, camera.streamUsername, ...builtInAccounts(camera.identity)]);
    const extra = accounts.value.flatMap(({ username, level }) => {
      if (isLevel(level, "Anonymous")) return [`The account ${username} is for everybody, without a password.`];
      return isLevel(level, "Administrator") && !expected.has(username) ? [`${username} may change everything.`] : [];
    });
    return extra.length > 0 ? failed(...extra) : passed(`${accounts.value.length} accounts, all of them known.`);
  },
};

const isLevel = (level: string, wanted: string): boolean => level.toLowerCase() === wanted.toLowerCase();
