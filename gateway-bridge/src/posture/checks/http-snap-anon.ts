import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { askForPictures } from "../questions/ask-pictures.ts";

export const httpSnapAnon: CameraCheck = {
  id: "HTTP-SNAP-ANON",
  scope: "camera",
  severity: "critical",
  title: "Anybody can take pictures with it",
  why: [
    "The camera gives a picture of what it sees now to whoever asks its web page for it, without a password.",
    "Anybody in your network, and any hacked device in it, can watch picture by picture.",
  ],
  provision: "5.5-4",
  ncsc: null,
  remedies: [{ remedy: "onvif-login", plane: "vendor" }],
  guide: (camera) => guideFor("HTTP-SNAP-ANON", camera),
  look: async (camera, cancel) => {
    const tried = await askForPictures(camera, cancel);
    const open = tried.find(({ outcome }) => outcome === "picture");
    if (open !== undefined) return failed(`${open.name} is given without a login.`);
    if (tried.some(({ outcome }) => outcome === "refused")) return passed("It asks for a login.");
    if (tried.some(({ outcome }) => outcome === "none")) return passed("It gave no picture.");
    return tried.length === 0 ? notApplicable("It has no web page.") : unknown("Its web page did not answer.");
  },
};
