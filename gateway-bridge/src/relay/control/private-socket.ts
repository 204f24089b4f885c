import { GatehouseError, systemCode } from "@gatehouse/shared";
import { once } from "node:events";
import { chmod, mkdtemp, rename, rm } from "node:fs/promises";
import type { Server } from "node:net";
import { dirname, join } from "node:path";

/**
 * Has a server listen on a unix socket that only its owner can reach, at any moment: it is made in a folder of its own (0700), and moved
 * into its place once it is 0600. What a killed process left there is replaced.
 * @throws GatehouseError `data-folder` where it cannot be made: most systems take no path of more than 107 bytes
 */
export const listenPrivately = async (server: Server, path: string): Promise<AsyncDisposable> => {
  try {
    const nest = await mkdtemp(join(dirname(path), ".s"));
    try {
      const draft = join(nest, "s");
      server.listen(draft);
      await once(server, "listening");
      await chmod(draft, 0o600);
      await rename(draft, path);
    } finally {
      await rm(nest, { recursive: true, force: true });
    }
  } catch (cause) {
    server.close();
    throw new GatehouseError("data-folder", `${path} cannot be made a socket: ${systemCode(cause) ?? "failed"}.`, {
      remedy: "Choose a data folder of a shorter path that you may write to, with --data.",
      cause,
    });
  }
  return {
    [Symbol.asyncDispose]: async () => {
      await rm(path, { force: true });
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
};
