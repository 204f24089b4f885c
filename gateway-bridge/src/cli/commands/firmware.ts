import { isGatehouseError, systemCode } from "@gatehouse/shared";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { FirmwareFolder } from "../../posture/remedies/firmware-folder.ts";
import { textOption, type Command, type CommandContext } from "../command.ts";
import { findCamera } from "../find-camera.ts";
import { refuse } from "../grant-options.ts";
import { applyRemedy, remedyOptions } from "./remedy.ts";

const largestAdvisories = 900_000;

/** A copy in the data folder that nobody changes any more. @returns its SHA-256 */
const keep = async (
  file: string,
  { data, signal, sha256 }: Pick<CommandContext, "data" | "signal"> & { readonly sha256: string | undefined },
): Promise<string> => {
  const folder = new FirmwareFolder(join(data, "firmware"));
  try {
    return (await folder.keep(basename(file), piecesOf(file), { signal, sha256 })).sha256;
  } catch (error) {
    signal.throwIfAborted();
    const code = isGatehouseError(error) ? undefined : systemCode(error);
    throw code === undefined ? error : refuse(`${file} cannot be read, or not be kept in ${data} (${code}).`);
  }
};

/** Opened when it is read, so that what fails then is told. */
async function* piecesOf(file: string): AsyncGenerator<Buffer> {
  yield* createReadStream(file) as AsyncIterable<Buffer>;
}

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
    const { data, signal } = context;
    const firmware = await keep(file, { data, signal, sha256: textOption(input, "sha256") });
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
