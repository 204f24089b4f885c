import type { HomeCheck, HomeOutcome } from "../check.ts";
import { guideSteps } from "../guides/guide-steps.ts";

export const camPwdReused: HomeCheck = {
  id: "CAM-PWD-REUSED",
  scope: "home",
  severity: "medium",
  title: "Its password may open more than this camera",
  why: [
    "Whoever learns a password that is used twice, from one camera or from a website that lost it, has the other as well.",
    "A password that Gatehouse draws is used nowhere else, and nobody has to remember it.",
  ],
  provision: "5.1-1",
  ncsc: "change-default-password",
  remedies: [{ remedy: "rotate-password", plane: "onvif" }],
  guide: () => ({ page: null, steps: [...guideSteps.password.any] }),
  look: async (home) => {
    const { cameras } = home;
    const names = new Map(cameras.map(({ id, name }) => [id, name]));
    const shared = home.sameSecrets();
    const foreign = new Set(home.foreignSecrets());
    return cameras.map(({ id, username }): HomeOutcome => {
      if (username === undefined) return { camera: id, kind: "not-applicable", why: "It has no password." };
      const others = new Set(shared.filter((group) => group.includes(id)).flat()).difference(new Set([id]));
      if (others.size > 0) {
        const known = [...others].map((other) => names.get(other) ?? "another camera");
        return { camera: id, kind: "failed", evidence: [`The same password opens: ${known.join(", ")}.`] };
      }
      if (!foreign.has(id))
        return { camera: id, kind: "passed", evidence: ["Gatehouse drew it for this camera alone."] };
      const evidence = ["Somebody chose it, so Gatehouse cannot tell where else it is used."];
      return { camera: id, kind: "failed", severity: "low", evidence };
    });
  },
};
