import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";

import {
  assertNever,
  GatewayClient,
  loadIdentity,
  pair,
  parseAddress,
  saveIdentity,
  stopped,
  systemClock,
  toGatehouseError,
  type Clock,
  type ConnectionState,
  type ErrorCode,
  type Event,
  type Identity,
  type Logger,
  type ServerMessage,
} from "@gatehouse/shared";
import type { API, DynamicPlatformPlugin, Logging, PlatformAccessory, PlatformConfig } from "homebridge";

import { BridgedPublisher, ExternalPublisher } from "./accessory-publisher.ts";
import { CameraAccessories } from "./camera-accessories.ts";
import { CameraList } from "./camera-list.ts";
import { parseConfig, type GatehouseSettings } from "./config.ts";
import { GatewayLink } from "./gateway-link.ts";
import type { GatewayConnection } from "./gateway-port.ts";
import { HomebridgeLogger } from "./homebridge-logger.ts";
import { howToPair, obtainIdentity, type IdentityPort } from "./identity.ts";
import { isThisHost, type HostNetwork } from "./media-address-policy.ts";

/** What the platform needs of the world, so that tests can bring their own. */
export interface PlatformPorts {
  readonly clock: Clock;
  /** In [0, 1); for jitter. */
  readonly random: () => number;
  readonly network: () => HostNetwork;
  readonly identities: IdentityPort;
  readonly connect: (identity: Identity, log: Logger) => GatewayConnection;
}

const random = (): number => randomBytes(4).readUInt32BE() / 2 ** 32;

const systemPorts: PlatformPorts = {
  clock: systemClock,
  random,
  network: () => ({ hostname: hostname(), interfaces: networkInterfaces() }),
  identities: {
    load: loadIdentity,
    save: saveIdentity,
    pair: (ticket, cancel) => pair({ ...ticket, kind: "homebridge", clock: systemClock }, cancel),
  },
  connect: (identity, log) => new GatewayClient({ identity, log, clock: systemClock, random }),
};

/** Homebridge's side of the plugin: which cameras there are, and how they fare. */
export class GatehousePlatform implements DynamicPlatformPlugin {
  readonly #api: API;
  readonly #log: HomebridgeLogger;
  readonly #ports: PlatformPorts;
  readonly #settings: GatehouseSettings | undefined;
  readonly #folder: string;
  readonly #link = new GatewayLink();
  readonly #stopping = new AbortController();
  readonly #cameras: CameraAccessories;
  /** Bridged accessories of a time before `external` was switched on. */
  readonly #outgrown: PlatformAccessory[] = [];
  #complained: ErrorCode | undefined;

  constructor(log: Logging, config: PlatformConfig, api: API, ports: PlatformPorts = systemPorts) {
    this.#api = api;
    this.#log = new HomebridgeLogger(log);
    this.#ports = ports;
    this.#folder = join(api.user.storagePath(), "gatehouse");
    this.#settings = this.#read(config);
    const { clock, network } = ports;
    const publisher =
      this.#settings?.external === true
        ? new ExternalPublisher(api, this.#folder, this.#log)
        : new BridgedPublisher(api);
    this.#cameras = new CameraAccessories({ api, publisher, link: this.#link, network, clock, log: this.#log });
    api.on("didFinishLaunching", () => void this.#launch());
    api.on("shutdown", () => this.#stopping.abort(stopped("shutdown")));
  }

  /** Called by Homebridge for each accessory that it kept, before the gateway was asked for anything. */
  configureAccessory(accessory: PlatformAccessory): void {
    if (this.#settings?.external === true) this.#outgrown.push(accessory);
    else this.#cameras.restore(accessory);
  }

  /** A wrong configuration stops the plugin, and neither Homebridge nor what HomeKit knows of the cameras. */
  #read(config: PlatformConfig): GatehouseSettings | undefined {
    try {
      return parseConfig(config);
    } catch (cause) {
      this.#explain("Not started", cause);
      return undefined;
    }
  }

  async #launch(): Promise<void> {
    try {
      if (this.#settings !== undefined) await this.#run(this.#settings);
    } catch (cause) {
      this.#explain("Stopped", cause);
    }
  }

  async #run(settings: GatehouseSettings): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    for (const accessory of this.#outgrown.splice(0)) new BridgedPublisher(this.#api).remove(accessory);
    await this.#cameras.recall();
    const { clock, random, network, identities, connect } = this.#ports;
    const { signal } = this.#stopping;
    const identity = await obtainIdentity({
      port: identities,
      folder: this.#folder,
      configPath: this.#api.user.configPath(),
      pairingString: settings.pairingString,
      log: this.#log,
      clock,
      random,
      signal,
    });
    if (identity === undefined || signal.aborted) return;
    const gateway = connect(identity, this.#log.quiet());
    signal.addEventListener("abort", () => void this.#close(gateway), { once: true });
    this.#link.open(gateway, isThisHost(parseAddress(identity.address)?.host ?? "", network()));
    this.#watch(gateway);
  }

  #watch(gateway: GatewayConnection): void {
    const { clock, random } = this.#ports;
    const list = new CameraList({
      gateway,
      apply: (cameras) => this.#cameras.replace(cameras),
      clock,
      random,
      log: this.#log.quiet(),
      signal: this.#stopping.signal,
    });
    gateway.watch({
      message: (message) => this.#receive(message, list),
      state: (state) => this.#connection(state),
    });
  }

  #connection(state: ConnectionState): void {
    this.#link.up = state.kind === "connected";
    if (!this.#link.up) this.#cameras.disconnected();
    if (state.kind === "connected") this.#complained = undefined;
    if (state.kind !== "waiting" || this.#complained === state.error.code) return;
    // The connection is tried for ever; it is told once what is wrong, and again when something else is.
    this.#complained = state.error.code;
    this.#explain("No connection to the gateway; trying again", state.error);
  }

  #receive(message: ServerMessage, list: CameraList): void {
    switch (message.kind) {
      case "hello":
        list.outdated();
        this.#log.info("Connected to the gateway", { gateway: message.gateway.name, cameras: message.cameras.length });
        this.#cameras.replace(message.cameras);
        for (const { id } of message.cameras) this.#cameras.motion(id, message.motion.includes(id));
        return;
      case "event":
        this.#happened(message.event, list);
        return;
      default:
        assertNever(message);
    }
  }

  #happened(event: Event, list: CameraList): void {
    switch (event.kind) {
      case "motion":
        this.#cameras.motion(event.camera, event.active);
        return;
      case "camera-state":
        this.#cameras.state(event.camera, event.state);
        return;
      case "camera-added":
        list.refresh();
        return;
      case "camera-removed":
        list.outdated();
        this.#cameras.remove(event.camera);
        return;
      case "finding":
        // Apple Home has nothing that shows one.
        return;
      default:
        assertNever(event);
    }
  }

  async #close(gateway: GatewayConnection): Promise<void> {
    this.#cameras.close();
    await gateway[Symbol.asyncDispose]();
  }

  #explain(what: string, cause: unknown): void {
    const error = toGatehouseError(cause);
    const remedy = error.code === "unauthenticated" ? `To pair again, ${howToPair}` : error.remedy;
    this.#log.error(`${what}: ${error.message}. ${remedy}`, { code: error.code });
  }
}
