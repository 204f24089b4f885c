import { getSystemLog } from "../../protocols/onvif/management/logs.ts";
import { getUsers } from "../../protocols/onvif/management/users.ts";
import { failed, notApplicable, passed, unknown, type CameraCheck } from "../check.ts";
import { guideFor } from "../guides/guide-for.ts";
import { askOnvif } from "../questions/ask-onvif.ts";

export const onvifAnonSecret: CameraCheck = {
  id: "ONVIF-ANON-SECRET",
  scope: "camera",
  severity: "critical",
  title: "It tells its accounts to people who did not log in",
  why: [
    "A camera that lists its accounts or its log to anybody does not guard its settings, and mostly lets anybody change them, too.",
    "Everybody in your network can take it over.",
  ],
  provision: "5.5-5",
  ncsc: null,
  remedies: [{ remedy: "onvif-login", plane: "vendor" }],
  guide: (camera) => guideFor("ONVIF-ANON-SECRET", camera),
  look: async (camera, cancel) => {
    if (camera.kind !== "onvif") return notApplicable("It is not asked by ONVIF.");
    const users = await askOnvif(camera, { as: "nobody", what: "GetUsers", ask: getUsers }, cancel);
    if (users.kind === "answer" && users.value.length > 0) {
      return failed(`It lists ${users.value.length} accounts without a login (GetUsers).`);
    }
    const log = await askOnvif(
      camera,
      { as: "nobody", what: "GetSystemLog", ask: (onvif, within) => getSystemLog(onvif, "System", within) },
      cancel,
    );
    if (log.kind === "answer" && log.value !== "") {
      return failed(`It shows ${log.value.length} characters of its log without a login (GetSystemLog).`);
    }
    return users.kind === "fault" && log.kind !== "refused" ? unknown(users.why) : passed("It asks for a login.");
  },
};
