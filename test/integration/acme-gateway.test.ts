import { afterAll, beforeAll, expect, it } from "@jest/globals";
import {
  connectPinned,
  GatewayClient,
  pair,
  silentLogger,
  spkiPin,
  systemClock,
  type GatewayHealth,
  type Notice,
  type PairingOffer,
  type Trust,
} from "@gatehouse/shared";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";

import { AcmeTown } from "../support/acme-town.ts";
import { runGatehouseJson } from "../support/command-line.ts";
import { GatewayProcess } from "../support/gateway-process.ts";
import { describeWith } from "../support/needs.ts";

const name = "cams.example.org";
const never = { signal: new AbortController().signal };

describeWith(["pebble"], "a gateway that seeks its certificate by ACME", () => {
  let folder: string;
  let town: AcmeTown;
  let gateway: GatewayProcess;
  let gatewayPin: string;
  let home: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-acme-gateway-"));
    town = await AcmeTown.open({ folder, name });
    const tls = {
      kind: "acme",
      directory: town.directory,
      termsAgreed: true,
      authority: town.authorityFile,
      dns: town.place,
    };
    gateway = await GatewayProcess.start({
      data: join(folder, "gateway"),
      config: { listen: { port: 0 }, web: { name }, tls },
    });
    ({ gatewayPin } = JSON.parse(await readFile(join(gateway.data, "cli.json"), "utf8")) as { gatewayPin: string });
    home = await homeAuthority();
  }, 60_000);
  afterAll(async () => {
    await gateway[Symbol.asyncDispose]();
    await town[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const place = (): { readonly host: string; readonly port: number } => {
    const [host = "", port] = gateway.address.split(":");
    return { host, port: Number(port) };
  };
  const read = async (socket: TLSSocket, path: string, host: string): Promise<string> => {
    socket.end(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    let answer = "";
    for await (const piece of socket.setEncoding("utf8") as AsyncIterable<string>) answer += piece;
    return answer;
  };
  /** PEM, as people fetch it. */
  const homeAuthority = async (): Promise<string> => {
    const accepts = (digest: Buffer): boolean => digest.toString("base64url") === gatewayPin;
    const codes = { mismatch: "gateway-impostor", unreachable: "gateway-unreachable" } as const;
    const socket = await connectPinned({ ...place(), accepts, ...codes }, never);
    return /-----BEGIN[^]*END CERTIFICATE-----/.exec(await read(socket, "/trust/ca.pem", gateway.address))?.[0] ?? "";
  };
  /** What is shown to whoever asks for this name, vouched for by the home's authority unless told otherwise. */
  const shown = async (servername: string | undefined, ca = home): Promise<X509Certificate> => {
    const names = servername === undefined ? {} : { servername };
    // Who vouches for it is verified; which name it is for is what is looked at here.
    const socket = connect({ ...place(), ...names, ca, checkServerIdentity: () => undefined });
    await once(socket, "secureConnect");
    const certificate = socket.getPeerX509Certificate();
    socket.destroy();
    return certificate!;
  };
  const pinOf = (certificate: X509Certificate): string =>
    spkiPin(certificate.publicKey.export({ type: "spki", format: "der" }));
  const certificate = () =>
    runGatehouseJson(gateway.data, ["certificate"]) as Promise<Pick<Trust, "certificates" | "named" | "notice">>;

  it("says what it lacks, by each way that people look", async () => {
    for (;;) {
      const { named, notice, certificates } = await certificate();
      if (notice === null) continue;
      expect(notice).toBe("there is no token for the DNS provider yet");
      expect([named, certificates]).toEqual([
        { kind: "acme", name, shown: false, nextTry: expect.any(Number) as unknown as number },
        [expect.objectContaining({ kind: "home" })],
      ]);
      break;
    }
    const health = (await runGatehouseJson(gateway.data, ["health"])) as GatewayHealth;
    expect(health.gateway).toEqual([expect.objectContaining({ code: "certificate-failed" })]);
    const notices = (await runGatehouseJson(gateway.data, ["notice", "list"])) as Notice[];
    expect(notices).toEqual([expect.objectContaining({ kind: "certificate-failed", person: null, count: 1 })]);
    expect(gateway.log).toMatch(/notice: The certificate for cams\.example\.org could not be had/);
  }, 60_000);

  it("shows it to whoever asks for its name once the token is there, and nobody else", async () => {
    expect(pinOf(await shown(name))).toBe(gatewayPin);
    await gateway.command(["certificate", "token", "--token-stdin"], `${town.token}\n`);
    for (let known = false; !known;) known = (await certificate()).named?.shown === true;
    const named = await shown(name, await town.root());
    expect([named.subjectAltName, pinOf(named) === gatewayPin]).toEqual([`DNS:${name}`, false]);
    for (const other of [undefined, "localhost", `x.${name}`]) expect(pinOf(await shown(other))).toBe(gatewayPin);
    expect(await runGatehouseJson(gateway.data, ["notice", "list"])).toEqual([]);
    expect(((await runGatehouseJson(gateway.data, ["health"])) as GatewayHealth).gateway).toEqual([]);
    expect((await certificate()).certificates.map(({ kind }) => kind)).toEqual(["home", "acme"]);
  }, 60_000);

  it("is known by its pin to plugins as before, and knows them by the public name too", async () => {
    const { pairingString } = (await runGatehouseJson(gateway.data, ["pair", "--for", "homebridge"])) as PairingOffer;
    expect(pairingString).not.toContain(name);
    const parts = { clock: systemClock, log: silentLogger };
    const identity = await pair({ pairingString, kind: "homebridge", clock: systemClock }, never);
    await using client = new GatewayClient({ identity, ...parts, random: () => 0.5 });
    expect(await client.call("listCameras", {}, never)).toEqual([]);
    const { certificate: cert, privateKey: key } = identity;
    const socket = connect({ ...place(), servername: name, ca: await town.root(), cert, key });
    await once(socket, "secureConnect");
    expect(await read(socket, "/v1/cameras", name)).toMatch(/^HTTP\/1\.1 200 /);
  }, 60_000);

  it("shows the same after a restart, without asking the authority", async () => {
    const root = await town.root();
    const { serialNumber } = await shown(name, root);
    await town.kill();
    await gateway[Symbol.asyncDispose]();
    gateway = await GatewayProcess.start({ data: gateway.data });
    expect((await shown(name, root)).serialNumber).toBe(serialNumber);
  }, 60_000);
});
