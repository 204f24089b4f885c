/**
 * One of the commands that change a data folder, without its questions, for `runKilledAt`:
 *
 *   node --conditions=source test/support/vault-command.ts backup|restore|rotate|protect DATA [FILE]
 */
import { Secret } from "@gatehouse/shared";

import { backUp } from "../../gateway-bridge/src/backup/back-up.ts";
import { restore } from "../../gateway-bridge/src/backup/restore.ts";
import { withStoppedVault } from "../../gateway-bridge/src/cli/stopped-vault.ts";
import { protectRootKey } from "../../gateway-bridge/src/vault/protection.ts";
import { rotateRootKey } from "../../gateway-bridge/src/vault/rotation.ts";

/** The least that argon2id may cost here: these tests are about something else. */
export const protection = {
  passphrase: Secret.of("correct horse battery staple"),
  cost: { memory: 19_456, passes: 1, lanes: 1 },
} as const;

const now = Date.UTC(2026, 10, 22, 10, 22, 33);
const never = { signal: new AbortController().signal };

export const runVaultCommand = async (command: string, data: string, file = ""): Promise<void> => {
  const { passphrase, cost } = protection;
  const ask = async () => passphrase;
  const common = { data, file, version: "0.1.0", now };
  if (command === "backup") await backUp({ ...common, protection }, never);
  if (command === "restore") await restore({ ...common, passphrase: ask, replace: true }, never);
  if (command === "rotate") {
    await withStoppedVault(data, (place) => rotateRootKey({ ...place, passphrase: ask, cost, now }, never));
  }
  if (command === "protect") {
    await withStoppedVault(data, (place) => protectRootKey({ ...place, passphrase: ask, now }, protection));
  }
};

if (import.meta.main) await runVaultCommand(process.argv[2] ?? "", process.argv[3] ?? "", process.argv[4]);
