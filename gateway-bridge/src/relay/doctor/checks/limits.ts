import { noConfiguration, type Check, type Finding } from "../check.ts";
import { wideLimits, type WideLimit } from "./limits-policy.ts";

const describe = (wide: WideLimit): Finding => {
  const { name, given } = wide;
  const of =
    wide.kind === "wide"
      ? { code: "limit-wide", what: `limits.${name} is ${given}, more than ${wide.most}.`, why: "A flood of strangers could take the box's memory before this stops them." }
      : { code: "limit-no-share", what: `limits.${name} is ${given}, as much as limits.${wide.whole} or more.`, why: "One address, or one gateway, could take everybody's room." };
  return { ...of, remedy: `Lower limits.${name} in relay.json, or take it out for the default, and start the relay again.` };
}; // prettier-ignore

export const limitsCheck: Check = {
  name: "limits",
  about: "how wide the limits are",
  look: async ({ config }) => (config === undefined ? noConfiguration : wideLimits(config.limits).map(describe)),
};
