import { readFile, stat } from "node:fs/promises";
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

/**
 * The users whose rights a process has or can take back: real, effective, saved, and that of its files. proc(5), `Uid:` of `status`;
 * whose the folder in `/proc` is says less, as that is root where a process may not be dumped.
 * @throws the system's error where there is no such process, or nobody may look
 */
const usersOf = async (proc: string, pid: number): Promise<readonly number[]> => {
  const status = await readFile(join(proc, String(pid), "status"), "utf8");
  const [, line = ""] = /^Uid:\t(\d+(?:\t\d+){3})$/m.exec(status) ?? [];
  if (line === "") throw new Error(`${proc}/${pid}/status names no user`);
  return [...new Set(line.split("\t").map(Number))];
};

const foreignProcess = (uid: number, users: readonly number[]): Finding[] =>
  users
    .filter((user) => user !== uid)
    .map((user) => ({
      code: "process-foreign",
      what: `The relay runs as the user ${user}, and its data belong to ${uid}.`,
      why: "It has rights that it does not need, or its data have an owner who is not it.",
      remedy: `Run it as the user ${uid}, as the systemd unit does.`,
    }));

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
    return [...findings, ...foreignProcess(uid, await usersOf(proc, running.pid))];
  },
};
