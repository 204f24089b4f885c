import { createHash, randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";

import { textOption, type Command } from "../command.ts";
import { findCamera } from "../find-camera.ts";
import { refuse } from "../grant-options.ts";
import { applyRemedy, remedyOptions } from "./remedy.ts";

/** More than any camera's firmware. */
const largestFirmware = 256 * 1_048_576;
const largestAdvisories = 900_000;

/** A copy in the data folder, under its own name, that nobody changes any more. @returns its SHA-256 */
const keep = async (file: string, data: string): Promise<string> => {
  const size = await stat(file).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === undefined) throw refuse(`${file} cannot be read.`);
  if (size === 0 || size > largestFirmware) throw refuse(`${file} is no firmware: it has ${size} bytes.`);
  const folder = join(data, "firmware");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const part = join(folder, `.part-${randomUUID()}`);
  try {
    await copyFile(file, part);
    const hash = createHash("sha256");
    await pipeline(createReadStream(part), hash);
    await rename(part, join(folder, basename(file)));
    return hash.digest("hex");
  } finally {
    await rm(part, { force: true });
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
    const firmware = await keep(file, context.data);
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
