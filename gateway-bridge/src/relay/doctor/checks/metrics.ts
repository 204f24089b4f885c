import { parseAddress, readPrivateFile, withDeadline, type Cancellable } from "@gatehouse/shared";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";

import { noConfiguration, type Check, type Finding, type Patient } from "../check.ts";
import { isReachable, patience } from "./reach.ts";

/** 256 bits as base64url. */
const tokenForm = /^[A-Za-z0-9_-]{43}\n?$/;

const judgeToken = async ({ data }: Patient): Promise<Finding[]> => {
  const file = join(data, "metrics-token");
  const token = (await readPrivateFile(file))?.toString("utf8");
  if (token !== undefined && tokenForm.test(token)) return [];
  return [
    {
      code: "metrics-token-weak",
      what: `${file} is missing, or holds something that was not drawn by the relay.`,
      why: "The figures tell how many homes there are and when they are used.",
      remedy: `Remove ${file}, start the relay again, and give the new one to Prometheus (credentials_file).`,
    },
  ];
};

const judgeDoor = async (port: number, { clock, signal }: Pick<Patient, "clock"> & Cancellable): Promise<Finding[]> => {
  const status = await withDeadline({ clock, ms: patience, what: "the measurements", signal }, async (cancel) => {
    const [response] = (await once(
      get({ host: "127.0.0.1", port, path: "/metrics", agent: false, ...cancel }),
      "response",
      cancel,
    )) as [IncomingMessage];
    response.destroy();
    return response.statusCode;
  });
  if (status === 401) return [];
  return [
    {
      code: "metrics-unguarded",
      what: `127.0.0.1 port ${port} answers ${status ?? "something"} to who brings no token.`,
      why: "Every user of this box can read the figures, or something else listens there.",
      remedy: "Find out what listens on that port: `ss -ltnp`.",
    },
  ];
};

/** On any address of the box that is not its own alone. */
const judgeOutside = async (
  port: number,
  { interfaces, clock }: Patient,
  { signal }: Cancellable,
): Promise<Finding[]> => {
  const outer = Object.values(interfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, scopeid }) => !internal && (scopeid ?? 0) === 0);
  const found: Finding[] = [];
  for (const { address: host } of outer) {
    if (!(await isReachable({ host, port }, { clock, signal }))) continue;
    found.push({
      code: "metrics-outside",
      what: `The measurements' port ${port} is open at ${host}.`,
      why: "Whoever reaches this box can read them with a token, and knock without one.",
      remedy: "Take away what forwards that port, and let Prometheus come by a tunnel of its own.",
    });
  }
  return found;
};

export const metricsCheck: Check = {
  name: "metrics",
  about: "who can read the measurements",
  look: async (patient, cancel) => {
    const { config, running, clock } = patient;
    if (config === undefined) return noConfiguration;
    if (config.metrics.port === null) return { skipped: "there are none" };
    const token = await judgeToken(patient);
    const port = parseAddress(running?.metrics ?? "")?.port;
    if (port === undefined) return token;
    return [...token, ...(await judgeDoor(port, { clock, ...cancel })), ...(await judgeOutside(port, patient, cancel))];
  },
};
