import { stat } from "node:fs/promises";
import { join } from "node:path";

import type { Check, Finding } from "../check.ts";
import { privateFiles } from "./private-files.ts";

/** Files that are not the user's whose the data folder is. */
export const foreignFiles = (
  uid: number,
  files: readonly { readonly path: string; readonly uid: number }[],
): Finding[] =>
  files
    .filter((file) => file.uid !== uid)
    .map(({ path, uid: other }) => ({
      code: "file-foreign",
      what: `${path} belongs to the user ${other}, and the data folder to ${uid}.`,
      why: "That user can change its mode and its content, or the relay cannot use it.",
      remedy: `chown ${uid} ${path}`,
    }));

const foreignProcess = (uid: number, runner: number): Finding[] =>
  runner === uid
    ? []
    : [
        {
          code: "process-foreign",
          what: `The relay runs as the user ${runner}, and its data belong to ${uid}.`,
          why: "It has rights that it does not need, or its data have an owner who is not it.",
          remedy: `Run it as the user ${uid}, as the systemd unit does.`,
        },
      ];

export const fileOwnersCheck: Check = {
  name: "file-owners",
  about: "whose the data are",
  look: async (patient) => {
    const { data, running, proc, keyFile } = patient;
    const { uid } = await stat(data);
    const files = (await privateFiles(patient)).map(({ path, stats }) => ({ path, uid: stats.uid }));
    // An operator's key and sign-in are that operator's, who may be root.
    const relays = files.filter(({ path }) => path !== keyFile && !path.endsWith(".signed-in"));
    const findings = foreignFiles(uid, relays);
    if (running === undefined) return findings;
    return [...findings, ...foreignProcess(uid, (await stat(join(proc, String(running.pid)))).uid)];
  },
};
