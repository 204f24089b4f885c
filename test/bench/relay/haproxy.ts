import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { freePort } from "../../support/free-port.ts";
import { have } from "../../support/packages.ts";
import { Program, versionOf } from "../rivals/program.ts";
import { cipher } from "./cipher.ts";
import { listening, type Candidate, type Passage, type PassageNeeds } from "./passage.ts";

const haproxy = "/usr/sbin/haproxy";

interface Line {
  readonly from: string;
  readonly to: string;
}

/** Its defaults, but for the times that it insists on. */
const configuration = ({ from, to }: Line): string => `
defaults
  mode tcp
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend devices
  bind ${from}
  default_backend homes
backend homes
  server home ${to}
`;

const start = async (folder: string, port: number, line: Line): Promise<Program> => {
  const file = join(folder, `haproxy-${port}.cfg`);
  await writeFile(file, configuration(line));
  const program = new Program(haproxy, ["-db", "-f", file]);
  await listening(port, () => program.assertRunning());
  return program;
};

const passage = (program: Program, target: Passage["target"]): Passage => ({
  pids: [program.pid],
  target,
  check: () => program.assertRunning(),
  [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
});

const openPlain = async ({ home, folder }: PassageNeeds): Promise<Passage> => {
  const [port, homePort] = [await freePort(), await home.call("listen", {})];
  const program = await start(folder, port, { from: `127.0.0.1:${port}`, to: `127.0.0.1:${homePort}` });
  return passage(program, { kind: "tcp", port });
};

/** TLS 1.3 is ended on one side and begun on the other, as the relay does. */
const openTls = async ({ home, folder, tls }: PassageNeeds): Promise<Passage> => {
  const { certificate, privateKey } = tls;
  const [port, homePort] = [await freePort(), await home.call("listen", { tls })];
  const [shown, trusted] = [join(folder, `haproxy-${port}.pem`), join(folder, `haproxy-${port}-ca.pem`)];
  await writeFile(shown, certificate + privateKey, { mode: 0o600 });
  await writeFile(trusted, certificate);
  const program = await start(folder, port, {
    from: `127.0.0.1:${port} ssl crt ${shown} ssl-min-ver TLSv1.3 ciphersuites ${cipher}`,
    to: `127.0.0.1:${homePort} ssl verify required ca-file ${trusted} ssl-min-ver TLSv1.3 ciphersuites ${cipher}`,
  });
  return passage(program, { kind: "tls", port, authority: certificate });
};

const common = {
  version: () => versionOf(haproxy, "-v"),
  missing: () => (have("haproxy") ? undefined : "HAProxy is not installed"),
};

export const haproxyTls: Candidate = { ...common, name: "HAProxy, TLS on both sides", open: openTls };
export const haproxyPlain: Candidate = { ...common, name: "HAProxy, plain TCP", open: openPlain };
