import { notApplicable, unknown, type Outcome } from "../check.ts";
import type { SettingReply } from "./ask-setting.ts";

/** What is said of a check whose one setting was not told. */
export const settingNotTold = (reply: Exclude<SettingReply, { kind: "told" }>): Outcome => {
  switch (reply.kind) {
    case "absent":
      return notApplicable("It has no such setting that is known.");
    case "refused":
      return unknown("The camera does not tell this to the gateway's login.");
    case "unspoken":
      return unknown(reply.why);
  }
};
