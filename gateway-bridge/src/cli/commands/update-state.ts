import type { UpdateState } from "@gatehouse/shared";

import type { Installation } from "../../update/installation.ts";
import { readJournal, type UpdateJournal } from "../../update/journal.ts";
import { knownFaults } from "../../update/known-faults.ts";
import type { Command } from "../command.ts";
import { installOption, openInstallation } from "./update-installation.ts";

const wordsOn = ({ asOf, found }: UpdateState["advisories"]): readonly string[] => {
  if (asOf === null) return ["There is no list of advisories in this release."];
  const known = `Known faults of its packages, as of ${asOf} (what was found later is not in the list):`;
  if (found.length === 0) return [`${known} none.`];
  return [
    known,
    ...found.map(({ id, package: name, version, severity, url }) => `  ${name} ${version}: ${severity}, ${id}, ${url}`),
  ];
};

const describe = (installation: Installation, installed: string, journal: UpdateJournal): readonly string[] => [
  `Version ${installed} is installed in ${installation.folder}.`,
  journal.step === "idle"
    ? "No update is under way."
    : `An update to ${journal.to ?? "?"} was cut off at the step "${journal.step}": run \`gatehouse update recover\`.`,
  ...(journal.previous === null ? [] : [`\`gatehouse update rollback\` leads back to ${journal.previous}.`]),
  ...(journal.failed === null ? [] : [`Version ${journal.failed} was tried here and taken back.`]),
];

export const updateStateCommand: Command = {
  path: ["update", "state"],
  summary: "what is installed, what an update has left, and known faults of the packages",
  operands: [],
  options: installOption,
  examples: ["sudo gatehouse update state"],
  run: async (input) => {
    const installation = await openInstallation(input);
    const installed = await installation.current();
    const journal = await readJournal(installation);
    const advisories = await knownFaults(installation.version(installed));
    return {
      json: { installed, journal, advisories },
      text: [...describe(installation, installed, journal), ...wordsOn(advisories)].join("\n"),
    };
  },
};
