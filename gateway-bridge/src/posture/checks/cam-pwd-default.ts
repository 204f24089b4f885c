import { behindAnother, failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { guessLogin } from "../questions/guess-login.ts";
import { defaultLogins } from "../rules/default-logins.ts";

export const camPwdDefault: CameraCheck = {
  id: "CAM-PWD-DEFAULT",
  scope: "camera",
  severity: "critical",
  title: "The factory password still works",
  why: [
    "The password that the maker sets is the same in every camera of its kind, and can be read on the internet.",
    "Whoever is in your network, or reaches the camera from outside, sees and hears what it does.",
  ],
  provision: "5.1-1, 5.1-2",
  ncsc: "change-default-password",
  remedies: [{ remedy: "rotate-password", plane: "onvif" }],
  guide: (camera) => guideFor("CAM-PWD-DEFAULT", camera),
  look: async (camera, cancel) => {
    const logins = defaultLogins(camera.identity);
    if (logins.length === 0) return notApplicable("Its maker sets no password at the factory.");
    const untried: string[] = [];
    let open: string | undefined;
    for (const login of logins) {
      const guess = await guessLogin(camera, login, cancel);
      if (guess.kind === "right") {
        return failed(`The factory password of the account ${login.username} is taken by ${guess.where}.`);
      }
      if (guess.kind === "untried") untried.push(guess.why);
      if (guess.kind === "open") open = guess.why;
    }
    if (open !== undefined) return behindAnother(open);
    const [why] = untried;
    return why === undefined ? passed("The maker's password was refused.") : unknown(why);
  },
};
