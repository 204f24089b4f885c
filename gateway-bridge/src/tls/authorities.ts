import { GatehouseError, type Cancellable } from "@gatehouse/shared";
import { readFile } from "node:fs/promises";
import { getCACertificates } from "node:tls";

/**
 * PEM of the authorities that this box trusts, and of one more.
 * @throws GatehouseError `config-invalid` where its file cannot be read, or the signal's reason
 */
export const withAuthority = async (file: string, { signal }: Cancellable): Promise<readonly string[]> => {
  try {
    return [...getCACertificates("default"), await readFile(file, { encoding: "utf8", signal })];
  } catch (cause) {
    signal.throwIfAborted();
    throw new GatehouseError("config-invalid", `\`tls.authority\`: ${file} cannot be read`, { cause });
  }
};
