import {
  GatewayClient,
  loadIdentity,
  silentLogger,
  systemClock,
  type Camera,
  type RecoveryCodes,
  type RemoteDevice,
  type TotpSecret,
} from "@gatehouse/shared";
import { join } from "node:path";

import type { SimulatorOptions } from "../simulator/simulator.ts";
import { SimulatorProcess } from "../simulator/simulator-process.ts";
import { ConnectProcess, pairAtHome } from "./connect-process.ts";
import { freePort } from "./free-port.ts";
import { freshCode } from "./fresh-code.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { PageClient } from "./page-client.ts";
import { initRelay, RelayProcess, type MadeRelay } from "./relay-process.ts";
import { addresses, type ThreeNetworks } from "./three-networks.ts";

const never = { signal: new AbortController().signal };

export interface AwayHouseOptions {
  readonly networks: ThreeNetworks;
  /** Everything that anybody keeps lies in here. */
  readonly folder: string;
  readonly cameraName?: string;
  readonly password?: string;
  readonly simulator?: SimulatorOptions;
  /** A command that runs the relay as its own, there where it is. */
  readonly relayWithin?: readonly string[];
}

/**
 * A gateway with a camera in a home, a relay on the internet, and Ann's laptop, all real programs in networks of their own. The laptop was
 * paired at home, and is away.
 */
export class AwayHouse implements AsyncDisposable {
  readonly options: AwayHouseOptions;
  readonly simulator: SimulatorProcess;
  readonly gateway: GatewayProcess;
  readonly relay: RelayProcess;
  /** Whoever governs the gateway, at home. */
  readonly owner: GatewayClient;
  readonly camera: Camera;
  readonly device: RemoteDevice;
  readonly #codes: string[];
  readonly #resources: AsyncDisposableStack;

  private constructor(
    parts: Pick<AwayHouse, "options" | "simulator" | "gateway" | "relay" | "owner" | "camera" | "device">,
    codes: readonly string[],
    resources: AsyncDisposableStack,
  ) {
    ({ options: this.options, simulator: this.simulator, gateway: this.gateway, relay: this.relay } = parts);
    ({ owner: this.owner, camera: this.camera, device: this.device } = parts);
    this.#codes = [...codes];
    this.#resources = resources;
  }

  static async open(options: AwayHouseOptions): Promise<AwayHouse> {
    await using opening = new AsyncDisposableStack();
    const [{ relay, invite }, { gateway, owner, address }, simulator] = await Promise.all([
      openRelay(options, opening),
      openGateway(options, opening),
      openSimulator(options, opening),
    ]);
    const camera = await owner.call(
      "addCamera",
      {
        body: {
          address: simulator.facts.onvifUrl,
          name: options.cameraName ?? "Front door",
          ...{ username: simulator.facts.username, password: cameraPassword, warm: true },
        },
      },
      never,
    );
    const { person, codes } = await addPerson({ address, data: gateway.data }, owner, options);
    await owner.call("enrolAtRelay", { body: { invite } }, never);
    await owner.call("switchRemote", { body: { enabled: true } }, never);
    const body = { person, name: "Ann's laptop" };
    const { pairingString } = await owner.call("offerDevice", { body }, never);
    await pairAtHome({ data: laptopOf(options), within: options.networks.home.within }, pairingString);
    const [device] = await owner.call("listDevices", {}, never);
    if (device === undefined) throw new Error("there is no device");
    const parts = { options, simulator, gateway, relay, owner, camera, device };
    return new AwayHouse(parts, codes, opening.move());
  }

  /**
   * Ann signs in on her laptop, away, with her password and a second factor, unless she is to have none. Its API can be asked from here, at
   * the port that it tells.
   */
  async connect({ factors = 2 }: { readonly factors?: 1 | 2 } = {}): Promise<ConnectProcess> {
    const { networks, password = usualPassword } = this.options;
    const ports = { api: await freePort(), rtsp: await freePort() };
    const code = factors === 2 ? { code: this.#codes.shift() ?? "" } : {};
    const signIn = { loginName: "ann", password, ...code };
    const options = { data: laptopOf(this.options), within: networks.away.within };
    const connected = this.#resources.use(await ConnectProcess.start(options, ports, signIn));
    this.#resources.use(await networks.away.forward(ports.api));
    return connected;
  }

  /** From now on, Ann's laptop is nobody's. Resolves when the gateway has said so. */
  async revoke(): Promise<void> {
    await this.owner.call("revokeDevice", { params: { device: this.device.id } }, never);
  }

  /** Ann's laptop: who it is, and the way home. */
  get deviceFile(): string {
    return join(laptopOf(this.options), "device.json");
  }

  /** What lies on the relay's disk: its data folder. */
  get relayFolder(): string {
    return relayOf(this.options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

const cameraPassword = "correct horse";
const usualPassword = "correct horse battery staple";
const laptopOf = ({ folder }: AwayHouseOptions): string => join(folder, "laptop");
const relayOf = ({ folder }: AwayHouseOptions): string => join(folder, "relay");

const openRelay = async (options: AwayHouseOptions, stack: AsyncDisposableStack) => {
  const data = relayOf(options);
  const at = `${addresses.relay}:443`;
  const within = [...options.networks.internet.within, ...(options.relayWithin ?? [])];
  const made: MadeRelay = await initRelay(data, ["--listen", at, "--public", at]);
  const relay = stack.use(await RelayProcess.start({ data, within, logLevel: "trace" }));
  await relay.signIn(made);
  return { relay, invite: await relay.invite() };
};

const openGateway = async ({ networks, folder }: AwayHouseOptions, stack: AsyncDisposableStack) => {
  const port = await freePort();
  const config = { name: "Home", listen: { host: "0.0.0.0", port }, rtsp: { port: 0 } };
  const data = join(folder, "gateway");
  const gateway = stack.use(await GatewayProcess.start({ data, config, within: networks.home.within }));
  stack.use(await networks.home.forward(port));
  const identity = await loadIdentity(join(data, "cli.json"));
  if (identity === undefined) throw new Error("the gateway has no owner");
  const address = `127.0.0.1:${port}`;
  const parts = { clock: systemClock, log: silentLogger, random: () => 0 };
  const owner = stack.use(new GatewayClient({ identity: { ...identity, address }, ...parts }));
  return { gateway, owner, address };
};

const openSimulator = async ({ networks, simulator }: AwayHouseOptions, stack: AsyncDisposableStack) =>
  stack.use(
    await SimulatorProcess.start(
      { password: cameraPassword, host: addresses.camera, bitrateKbps: 1_000, ...simulator },
      networks.home.within,
    ),
  );

/** Somebody who may see everything, at home and away, and has two factors. */
const addPerson = async (
  gateway: { readonly address: string; readonly data: string },
  owner: GatewayClient,
  { password = usualPassword }: AwayHouseOptions,
) => {
  const actions = ["live", "snapshot", "events", "talk", "remote"] as const;
  const grants = actions.map((action) => ({
    action,
    camera: "*" as const,
    places: ["home" as const, "away" as const],
  }));
  const { code, person } = await owner.call("addPerson", { body: { name: "Ann", loginName: "ann", grants } }, never);
  const page = await PageClient.of(gateway);
  await page.get({ method: "POST", path: "/v1/invitations/open", body: { code } });
  await page.get({ method: "PUT", path: "/v1/me/password", body: { password } });
  const { secret } = (await page.get({ method: "POST", path: "/v1/me/totp" })) as TotpSecret;
  await page.get({ method: "PUT", path: "/v1/me/totp", body: { code: await freshCode(secret) } });
  const { codes } = (await page.get({ method: "POST", path: "/v1/me/recovery-codes" })) as RecoveryCodes;
  return { person: person.id, codes };
};
