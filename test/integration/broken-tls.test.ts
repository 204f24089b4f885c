/** Old ciphers that OpenSSL, and Node with it, forgot: what a server of GnuTLS, which still knows them, is seen to take. */
import { fakeCameraId, makeCertificate } from "@gatehouse/shared/testing";
import { expect, it } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { GuessLedger } from "../../gateway-bridge/src/posture/probe/guess-ledger.ts";
import { GuardedPorts } from "../../gateway-bridge/src/posture/probe/port-probe.ts";
import { ProbeBudget } from "../../gateway-bridge/src/posture/probe/probe-budget.ts";
import { Database } from "../../gateway-bridge/src/store/database.ts";
import { freePort } from "../support/free-port.ts";
import { describeWith } from "../support/needs.ts";
import { canMakeNetworks, NetworkNamespace } from "../support/network-namespace.ts";
import { UnhurriedClock } from "../support/unhurried-clock.ts";

const never = { signal: new AbortController().signal };

/** It can listen at every address only, so it has a network of its own. */
const serve = async (things: AsyncDisposableStack, priority: string): Promise<number> => {
  const { certificate, privateKey } = makeCertificate();
  const folder = things.adopt(await mkdtemp(join(tmpdir(), "gatehouse-gnutls-")), (path) =>
    rm(path, { recursive: true, force: true }),
  );
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await writeFile(cert, certificate);
  await writeFile(key, privateKey);
  const network = things.use(await NetworkNamespace.make());
  const port = await freePort();
  const keys = ["--x509certfile", cert, "--x509keyfile", key];
  const [program, ...args] = [
    ...network.within,
    "gnutls-serv",
    "--port",
    String(port),
    "--priority",
    priority,
    ...keys,
  ];
  const server = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const listening = Promise.withResolvers<undefined>();
  const gone = once(server, "exit").then(() => listening.reject(new Error("gnutls-serv ended")));
  let said = "";
  for (const output of [server.stdout, server.stderr])
    output.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (/listening on IPv4.*done/.test(said)) listening.resolve(undefined);
    });
  things.defer(async () => {
    server.kill("SIGKILL");
    await gone;
  });
  await listening.promise;
  things.use(await network.forward(port));
  return port;
};

/** As an inspection asks. */
const ports = (): GuardedPorts => {
  const clock = new UnhurriedClock();
  const ledger = GuessLedger.open({ database: Database.openInMemory(), clock });
  const consents = { granted: () => true };
  const budget = new ProbeBudget({ clock, ledger, consents, interfaces: () => ({}), loopbackPauseMs: 0 });
  return new GuardedPorts({
    gate: budget.gate({ camera: fakeCameraId("a"), host: "127.0.0.1", literal: true }),
    clock,
  });
};

describeWith(["gnutls", "onvifTools"], "a server that knows ciphers of old", () => {
  (canMakeNetworks() ? it : it.skip).each([
    ["RC4 and 3DES beside what is sound", "NORMAL:+3DES-CBC:+ARCFOUR-128:%COMPAT", true],
    ["what is sound alone", "NORMAL", false],
  ])("is seen to take %s", async (_, priority, takes) => {
    await using things = new AsyncDisposableStack();
    const port = await serve(things, priority);
    const taken = await ports().brokenTls(port, never);
    expect(taken.map(({ cipher }) => /3DES|RC4/.test(cipher))).toEqual(takes ? [true] : []);
  });
});
