import { stat } from "node:fs/promises";
import { dirname } from "node:path";

import type { Check, Finding } from "../check.ts";
import { privateFiles, type FoundFile } from "./private-files.ts";

const othersMay = 0o077;
const othersWrite = 0o022;
const sticky = 0o1000;

const octal = (mode: number): string => `0${(mode & 0o7777).toString(8)}`;

/** What hurts depends on what it is: a configuration holds no secret, but says where the relay listens. */
const judge = ({ path, name, stats }: FoundFile): Finding[] => {
  const { mode } = stats;
  if (stats.isSymbolicLink()) {
    return [
      {
        code: "file-is-link",
        what: `${path} is a link.`,
        why: "Whoever may change what it leads to changes the relay's data.",
        remedy: `Put the file itself in its place.`,
      },
    ];
  }
  const open = mode & (name === "relay.json" ? othersWrite : othersMay);
  if (open === 0) return [];
  return [
    {
      code: "file-open",
      what: `${path} has the mode ${octal(mode)}: other users of this box may reach it.`,
      why: stats.isSocket()
        ? "They get as far as TLS on the socket at which operators work."
        : "Keys and tokens in it would be theirs, or the relay would believe what they write.",
      remedy: `chmod ${stats.isDirectory() ? "700" : "600"} ${path}`,
    },
  ];
};

/** Whoever may rename the folder may put another in its place. */
const judgeParents = async (folder: string): Promise<Finding[]> => {
  const parent = dirname(folder);
  if (parent === folder) return [];
  const { mode } = await stat(parent);
  const above = await judgeParents(parent);
  if ((mode & othersWrite) === 0 || (mode & sticky) !== 0) return above;
  const finding = {
    code: "parent-open",
    what: `${parent} has the mode ${octal(mode)}: other users may rename what is in it.`,
    why: "They can put a folder of their own in the place of the relay's.",
    remedy: `chmod go-w ${parent}, or move the data folder to /var/lib.`,
  };
  return [finding, ...above];
};

export const fileModesCheck: Check = {
  name: "file-modes",
  about: "the modes of data folder, keys, socket and configuration",
  look: async (patient) => [...(await privateFiles(patient)).flatMap(judge), ...(await judgeParents(patient.data))],
};
