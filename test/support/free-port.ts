import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below all that Linux gives by itself, to who asks for any port and to who calls others (32768 to 60999, `ip_local_port_range`), so that
 * none of them is taken between now and when the program that is told of it listens. Each worker of jest has ports of its own.
 */
const lowest = 20_000;
const eachWorker = 3_000;
const workers = 4;

const first = lowest + (Number(process.env["JEST_WORKER_ID"] ?? 0) % workers) * eachWorker;
let drawn = randomInt(eachWorker);

/** A TCP port of loopback at which nobody listens, for programs that must be told one. None is given twice. */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < eachWorker; tries += 1) {
    drawn = (drawn + 1) % eachWorker;
    // Another may be drawn while this one is tried.
    const port = first + drawn;
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
};

const isFree = async (port: number): Promise<boolean> => {
  const server = createServer();
  const listening = Promise.withResolvers<boolean>();
  server.once("error", () => listening.resolve(false));
  server.listen(port, "127.0.0.1", () => listening.resolve(true));
  if (!(await listening.promise)) return false;
  server.close();
  await once(server, "close");
  return true;
};
