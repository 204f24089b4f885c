import { systemCode, type Cancellable } from "@gatehouse/shared";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { FirmwareFolder } from "../../posture/remedies/firmware-folder.ts";
import { textOption, type Command } from "../command.ts";
import { findCamera } from "../find-camera.ts";
import { refuse } from "../grant-options.ts";
import { applyRemedy, remedyOptions } from "./remedy.ts";

const largestAdvisories = 900_000;

/** A copy in the data folder that nobody changes any more. @returns its SHA-256 */
const keep = async (file: string, data: string, cancel: Cancellable): Promise<string> => {
  const folder = new FirmwareFolder(join(data, "firmware"));
  const reading = createReadStream(file);
  reading.once("error", () => undefined);
  try {
    return (await folder.keep(basename(file), reading as AsyncIterable<Buffer>, cancel)).sha256;
  } catch (error) {
    cancel.signal.throwIfAborted();
    const code = systemCode(error);
    throw code === undefined ? error : refuse(`${file} cannot be read, or not be kept in ${data} (${code}).`);
  }
};

export const firmwareInstallCommand: Command = {
  path: ["firmware", "install"],
  summary: "give a camera firmware from a file that you took from its maker; never by itself",
  operands: ["FILE"],
  options: {
    ...remedyOptions,
    sha256: { type: "string", value: "HASH", help: "what its maker says the file's SHA-256 is" },
  },
  examples: ['gatehouse firmware install IPC-5.7.3.zip --camera "Front door"'],
  run: async (input, context) => {
    const [file = ""] = input.positionals;
    const name = textOption(input, "camera");
    if (name === undefined) throw refuse("Say which camera.", "Add --camera, with its name or id.");
    await using gateway = await context.client();
    const camera = await findCamera(gateway, name, context);
    const firmware = await keep(file, context.data, context);
    const said = textOption(input, "sha256");
    if (said !== undefined && said.toLowerCase() !== firmware) {
      throw refuse(`${file} is another file: its SHA-256 is ${firmware}.`, "Fetch it again from the maker's own site.");
    }
    const wish = { remedy: "firmware-install", camera, vendor: false, firmware } as const;
    return await applyRemedy(gateway, wish, { ...context, yes: input.options["yes"] === true });
  },
};

export const advisoriesUpdateCommand: Command = {
  path: ["advisories", "update"],
  summary: "newer rules about cameras' firmware, from a file that Gatehouse signed; no connection is made",
  operands: ["FILE"],
  options: {},
  examples: ["gatehouse advisories update advisories-2026-11.note"],
  run: async ({ positionals: [file = ""] }, { client, signal }) => {
    const note = await readFile(file, "utf8").catch(() => undefined);
    if (note === undefined) throw refuse(`${file} cannot be read.`);
    if (note.length > largestAdvisories) throw refuse(`${file} is too large for advisories.`);
    await using gateway = await client();
    const { issued, rules } = await gateway.call("updateAdvisories", { body: { note } }, { signal });
    const text = `${rules} rules, of ${new Date(issued).toLocaleDateString()}. \`gatehouse inspect\` judges by them.`;
    return { json: { issued, rules }, text };
  },
};
