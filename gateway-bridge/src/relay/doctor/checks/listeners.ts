import { parseAddress, systemCode } from "@gatehouse/shared";

import { noConfiguration, notRunning, type Check, type Finding, type Patient } from "../check.ts";
import { listeningSockets, type ListeningSocket } from "./listening-sockets.ts";

/** What the configuration asks for. */
const wanted = ({ config, running }: Pick<Patient, "config" | "running">): readonly string[] => {
  const port = parseAddress(running?.address ?? "")?.port;
  const metrics = parseAddress(running?.metrics ?? "")?.port;
  return [
    `tcp ${config?.listen.host ?? ""} ${config?.listen.port === 0 ? (port ?? "") : (config?.listen.port ?? "")}`,
    ...(config?.metrics.port == null
      ? []
      : [`tcp 127.0.0.1 ${config.metrics.port === 0 ? (metrics ?? "") : config.metrics.port}`]),
  ];
};

const nameOf = ({ protocol, host, port }: ListeningSocket): string => `${protocol} ${host} ${port}`;

const describe = (socket: ListeningSocket): Finding => ({
  code: "listener-unknown",
  what: `The relay's process is open at ${socket.host} port ${socket.port} (${socket.protocol}), which its configuration does not say.`,
  why: "Whatever it is (a debugger, say), it is a door that nobody guards.",
  remedy: "Start the relay again, as its unit does it. If it is still there, report it.",
});

export const listenersCheck: Check = {
  name: "listeners",
  about: "the ports that it opened",
  look: async (patient) => {
    const { config, running, proc } = patient;
    if (config === undefined) return noConfiguration;
    if (running === undefined) return notRunning;
    try {
      const allowed = new Set(wanted(patient));
      const open = await listeningSockets(proc, running.pid);
      return open.filter((socket) => !allowed.has(nameOf(socket))).map(describe);
    } catch (error) {
      if (!["EACCES", "EPERM", "ENOENT"].includes(systemCode(error) ?? "")) throw error;
      return { skipped: "only root, or the relay's own user, can see its sockets" };
    }
  },
};
