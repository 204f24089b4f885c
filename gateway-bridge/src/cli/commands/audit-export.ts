import { GatehouseError, systemCode } from "@gatehouse/shared";
import { open, rm, type FileHandle } from "node:fs/promises";

import type { Command } from "../command.ts";

/** A new file that only its owner can read. */
const create = async (path: string): Promise<FileHandle> => {
  try {
    return await open(path, "wx", 0o600);
  } catch (cause) {
    const code = systemCode(cause);
    const why = code === "EEXIST" ? "it is there already" : (code ?? "unknown");
    throw new GatehouseError("request-invalid", `${path} cannot be written: ${why}.`, {
      cause,
      remedy: "Name a file that does not exist yet, in a folder that you may write to.",
    });
  }
};

export const auditExportCommand: Command = {
  path: ["audit", "export"],
  summary: "write the whole audit log with its signed heads into a file, which anybody can verify",
  operands: ["FILE"],
  options: {},
  examples: ["gatehouse audit export audit-2026.jsonl"],
  run: async ({ positionals: [path = ""] }, { client, signal }) => {
    await using gateway = await client();
    const file = await create(path);
    let bytes = 0;
    try {
      for await (const piece of gateway.download("exportAudit", {}, { signal })) {
        await file.write(piece);
        bytes += piece.length;
      }
      await file.sync();
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return {
      json: { file: path, bytes },
      text: `${path} holds the audit log, ${bytes} bytes. It names who did what: keep it as you would keep the log itself.`,
    };
  },
};
