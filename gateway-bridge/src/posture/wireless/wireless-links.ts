import { isGatehouseError, onAbort, withDeadline, type Cancellable, type Clock } from "@gatehouse/shared";
import { spawn } from "node:child_process";

import type { WirelessLink } from "../probe/probed-home.ts";
import { readInterfaces, readSecurity } from "./wireless-policy.ts";

/** Runs `iw` with these words and gives what it wrote; empty where it cannot be run or fails. */
export type RunIw = (words: readonly string[], cancel: Cancellable) => Promise<string>;

/** The Wi-Fi networks that this box is in; none where it has no Wi-Fi, or no `iw`. Nothing is searched for: what the kernel heard is read. */
export const wirelessLinks = async (iw: RunIw, cancel: Cancellable): Promise<readonly WirelessLink[]> => {
  const links: WirelessLink[] = [];
  for (const joined of readInterfaces(await iw(["dev"], cancel))) {
    const heard = await iw(["dev", joined.interface, "scan", "dump"], cancel);
    links.push({ ...joined, security: readSecurity(heard) });
  }
  return links;
};

const longestRunMs = 5_000;
const longestOutput = 1 << 20;
/** `iw` lies in a folder that is not on everybody's search path. */
const searchPath = "/usr/sbin:/usr/bin:/sbin:/bin";

export const runIw =
  (clock: Clock): RunIw =>
  async (words, { signal }) => {
    try {
      const deadline = { clock, ms: longestRunMs, what: "the end of iw", signal };
      return await withDeadline(deadline, (cancel) => collect(words, cancel));
    } catch (error) {
      signal.throwIfAborted();
      if (isGatehouseError(error)) return "";
      throw error;
    }
  };

const collect = (words: readonly string[], { signal }: Cancellable): Promise<string> =>
  new Promise((resolve) => {
    const child = spawn("iw", words, { env: { PATH: searchPath }, stdio: ["ignore", "pipe", "ignore"] });
    const leaving = onAbort(signal, () => void child.kill("SIGKILL"));
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      if (text.length < longestOutput) text += chunk;
    });
    const end = (said: string): void => {
      leaving[Symbol.dispose]();
      resolve(said);
    };
    child.once("error", () => end(""));
    child.once("close", (code) => end(code === 0 ? text : ""));
  });
