import { stat } from "node:fs/promises";
import { join } from "node:path";

import type { Check, Finding } from "../check.ts";
import { privateFiles } from "./private-files.ts";

export const fileOwnersCheck: Check = {
  name: "file-owners",
  about: "whose the data are",
  look: async (patient) => {
    const { data, running, proc, keyFile } = patient;
    const { uid } = await stat(data);
    const foreign = (await privateFiles(patient)).filter(({ path, stats }) => path !== keyFile && stats.uid !== uid);
    const findings: Finding[] = foreign.map(({ path, stats }) => ({
      code: "file-foreign",
      what: `${path} belongs to the user ${stats.uid}, and the data folder to ${uid}.`,
      why: "That user can change its mode and its content, or the relay cannot use it.",
      remedy: `chown ${uid} ${path}`,
    }));
    const runner = running && (await stat(join(proc, String(running.pid)))).uid;
    if (runner === undefined || runner === uid) return findings;
    const other: Finding = {
      code: "process-foreign",
      what: `The relay runs as the user ${runner}, and its data belong to ${uid}.`,
      why: "It has rights that it does not need, or its data have an owner who is not it.",
      remedy: `Run it as the user ${uid}, as the systemd unit does.`,
    };
    return [...findings, other];
  },
};
