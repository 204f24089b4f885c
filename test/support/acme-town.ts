import { spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";

import { makeCertificate, noEnd } from "../../gateway-bridge/src/protocols/x509/certificate.ts";
import { FakeDnsApi } from "../../gateway-bridge/src/tls/dns/testing/fake-dns-api.ts";
import { fakeAcmeDns } from "../../gateway-bridge/src/tls/dns/testing/fake-providers.ts";
import { freePort } from "./free-port.ts";

const account = { username: "c36f50e8", subdomain: "8e5700ea" };

/** Certificates live as long as Let's Encrypt's. */
const lifeSeconds = 90 * 86_400;
/** Of the nonces, per cent, that the authority refuses though they are good: with more, it would now and then refuse six of one request in a row. */
const refusedNonces = 8;

/**
 * All that a certificate by ACME takes, on loopback: Debian's `pebble` as the authority, its companion as the DNS that it asks, and an
 * acme-dns server through which the gateway changes what that answers.
 */
export class AcmeTown implements AsyncDisposable {
  /** What the DNS provider knows the gateway by. */
  readonly token = "dns-token-of-the-town";
  readonly directory: string;
  readonly dns: FakeDnsApi;
  /** A file with the authorities of these servers' own certificates. */
  readonly authorityFile: string;
  readonly authorities: readonly string[];
  /** What happens between the gateway's record and the DNS; by default it is answered. */
  onRecord: (publish: () => Promise<void>) => Promise<void> = (publish) => publish();
  readonly #config: string;
  readonly #ports: Ports;
  readonly #resolver: ChildProcess;
  #authority: ChildProcess | undefined;
  readonly #log: string[] = [];

  private constructor(parts: {
    readonly ports: Ports;
    readonly config: string;
    readonly resolver: ChildProcess;
    readonly dns: FakeDnsApi;
    readonly authorityFile: string;
    readonly authorities: readonly string[];
  }) {
    this.#ports = parts.ports;
    this.#config = parts.config;
    this.#resolver = parts.resolver;
    this.dns = parts.dns;
    this.authorityFile = parts.authorityFile;
    this.authorities = parts.authorities;
    this.directory = `https://127.0.0.1:${parts.ports.acme}/dir`;
  }

  /** @param name whose record the gateway may change */
  static async open({ folder, name }: { readonly folder: string; readonly name: string }): Promise<AcmeTown> {
    const ports = {
      acme: await freePort(),
      management: await freePort(),
      dns: await freePort(),
      mock: await freePort(),
    };
    const cert = await makeServerFiles(folder);
    const config = join(folder, "pebble.json");
    await writeFile(config, JSON.stringify({ pebble: settings(folder, ports) }));
    const listens = ["-dns01", `127.0.0.1:${ports.dns}`, "-management", `127.0.0.1:${ports.mock}`];
    // Nobody reads what it says of each question, and a full pipe would stop it.
    const resolver = spawn("pebble-challtestsrv", [...listens, "-http01", "", "-https01", "", "-tlsalpn01", ""], {
      stdio: "ignore",
    });
    await untilListening(resolver, ports.mock);
    const provider = fakeAcmeDns({
      ...account,
      token: "dns-token-of-the-town",
      onUpdate: (text) => town.onRecord(() => town.#publish(name, text)),
    });
    const dns = await FakeDnsApi.open((request) => provider.answer(request));
    const authorities = [cert, dns.authority];
    const authorityFile = join(folder, "authorities.pem");
    await writeFile(authorityFile, authorities.join("\n"));
    const town: AcmeTown = new AcmeTown({ ports, config, resolver, dns, authorityFile, authorities });
    await town.start();
    return town;
  }

  /** How the gateway reaches the DNS provider. */
  get place() {
    return { kind: "acme-dns" as const, api: this.dns.url, ...account, settleSeconds: 0 };
  }

  /** What the authority has said, over all its starts. */
  get log(): string {
    return this.#log.join("\n");
  }

  /** Starts the authority; after it was killed, it knows nothing of what was before. */
  async start(): Promise<void> {
    const habits = {
      PEBBLE_VA_NOSLEEP: "1",
      PEBBLE_WFE_NONCEREJECT: String(refusedNonces),
      // Each order looks at the DNS.
      PEBBLE_AUTHZREUSE: "0",
    };
    const env = { PATH: process.env["PATH"], ...habits };
    const args = ["-config", this.#config, "-dnsserver", `127.0.0.1:${this.#ports.dns}`];
    const child = spawn("pebble", args, { env, stdio: ["ignore", "pipe", "ignore"] });
    createInterface(child.stdout).on("line", (line) => this.#log.push(line));
    this.#authority = child;
    await untilListening(child, this.#ports.acme);
    await untilListening(child, this.#ports.management);
  }

  async kill(): Promise<void> {
    if (this.#authority !== undefined) await end(this.#authority);
    this.#authority = undefined;
  }

  /** The root of the certificates that it issues, PEM: another one after each start. */
  async root(): Promise<string> {
    const asked = httpsRequest(`https://127.0.0.1:${this.#ports.management}/roots/0`, { ca: [...this.authorities] });
    return textOf(asked.end());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await end(this.#resolver);
    await this.dns[Symbol.asyncDispose]();
  }

  async #publish(name: string, value: string): Promise<void> {
    const host = `_acme-challenge.${name}.`;
    // It would keep all that it was ever told, and answer with it.
    for (const path of ["/clear-txt", "/set-txt"]) {
      const asked = httpRequest(`http://127.0.0.1:${this.#ports.mock}${path}`, { method: "POST" });
      await textOf(asked.end(JSON.stringify({ host, value })));
    }
  }
}

interface Ports {
  readonly acme: number;
  readonly management: number;
  readonly dns: number;
  /** Where the DNS is told what to answer. */
  readonly mock: number;
}

const settings = (folder: string, { acme, management }: Ports): object => ({
  listenAddress: `127.0.0.1:${acme}`,
  managementListenAddress: `127.0.0.1:${management}`,
  certificate: join(folder, "pebble.pem"),
  privateKey: join(folder, "pebble.key"),
  httpPort: 9,
  tlsPort: 9,
  ocspResponderURL: "",
  externalAccountBindingRequired: false,
  certificateValidityPeriod: lifeSeconds,
});

/** A certificate for the authority's own server, which is its own authority; PEM. */
const makeServerFiles = async (folder: string): Promise<string> => {
  const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const cert = makeCertificate({
    ...{ subject: "pebble", publicKey: keys.publicKey, use: { kind: "server", names: ["127.0.0.1"] } },
    ...{ notBefore: 0, notAfter: noEnd, issuer: { name: "pebble", ...keys } },
  }).toString();
  await writeFile(join(folder, "pebble.pem"), cert);
  await writeFile(join(folder, "pebble.key"), keys.privateKey.export({ type: "pkcs8", format: "pem" }), {
    mode: 0o600,
  });
  return cert;
};

/** Both say that they are ready before they are. */
const untilListening = async (child: ChildProcess, port: number): Promise<void> => {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it ended with ${child.exitCode ?? child.signalCode}`);
    const socket = connect(port, "127.0.0.1");
    const listens = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (listens) return;
    await pause(10);
  }
};

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
};

const textOf = async (asked: ReturnType<typeof httpRequest>): Promise<string> => {
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  const pieces: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
};
