import type { Camera, PairingOffer, Principal, PrincipalKind } from "@gatehouse/shared";
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { SimulatorProcess } from "../simulator/simulator-process.ts";
import { Collector } from "./collector.ts";
import { freePort } from "./free-port.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { HomebridgeProcess } from "./homebridge.ts";
import { gatewayNodeId, houseFlow } from "./house-flow.ts";
import { buildNodes, NodeRedProcess } from "./node-red.ts";

/** What a house keeps, so that it comes back as it was. */
interface Plan {
  readonly simulator: {
    readonly id: string;
    readonly password: string;
    readonly onvifPort: number;
    readonly rtspPort: number;
  };
  readonly collector: { readonly port: number; readonly path: string };
  readonly gatewayPort: number;
  /** HomeKit's id of the bridge, and the code to pair with it. */
  readonly bridge: { readonly username: string; readonly pin: string };
}

export interface HouseOptions {
  /** Everything that the house keeps lies in here. */
  readonly folder: string;
  /** Told of progress. */
  readonly note?: (line: string) => void;
}

const digits = (count: number): string => Array.from(randomBytes(count), (byte) => String(byte % 10)).join("");
const colons = (bytes: Buffer): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join(":");

const makePlan = async (): Promise<Plan> => ({
  simulator: {
    id: `demo-${randomBytes(3).toString("hex")}`,
    password: randomBytes(12).toString("base64url"),
    onvifPort: await freePort(),
    rtspPort: await freePort(),
  },
  collector: { port: await freePort(), path: `/${randomBytes(12).toString("hex")}` },
  gatewayPort: await freePort(),
  bridge: {
    // The second-lowest bit of the first byte marks an address that no maker gave out.
    username: colons(Buffer.concat([Buffer.from([0x0e]), randomBytes(5)])),
    pin: `${digits(3)}-${digits(2)}-${digits(3)}`,
  },
});

const loadPlan = async (folder: string): Promise<Plan> => {
  const file = join(folder, "house.json");
  try {
    return JSON.parse(await readFile(file, "utf8")) as Plan;
  } catch {
    const plan = await makePlan();
    await writeFile(file, JSON.stringify(plan), { mode: 0o600 });
    return plan;
  }
};

/**
 * A whole house on loopback: a simulated camera, a gateway, a real Homebridge with our plugin and a real Node-RED with our nodes,
 * paired with each other by the same commands that a person would use. Opened again on its folder, it is the same house.
 */
export class House implements AsyncDisposable {
  simulator!: SimulatorProcess;
  gateway!: GatewayProcess;
  homebridge!: HomebridgeProcess;
  nodeRed!: NodeRedProcess;
  camera!: Camera;
  readonly collector: Collector;
  readonly folder: string;
  /** Ports, passwords and codes. */
  readonly plan: Plan;
  readonly #note: (line: string) => void;

  private constructor(options: HouseOptions, plan: Plan, collector: Collector) {
    this.folder = options.folder;
    this.#note = options.note ?? (() => undefined);
    this.plan = plan;
    this.collector = collector;
  }

  static async open(options: HouseOptions): Promise<House> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    const plan = await loadPlan(options.folder);
    const collector = await Collector.open(plan.collector.port, plan.collector.path);
    const house = new House(options, plan, collector);
    try {
      await house.#build();
      return house;
    } catch (error) {
      await house[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pin(): string {
    return this.plan.bridge.pin;
  }

  async #build(): Promise<void> {
    this.#note("Starting a simulated camera ...");
    await this.startSimulator();
    this.#note("Starting the gateway ...");
    await this.startGateway();
    this.#note("Putting the camera behind the gateway ...");
    this.camera = await this.#ensureCamera();
    this.#note("Starting Homebridge and Node-RED, and pairing them with the gateway ...");
    await Promise.all([this.startHomebridge(), this.startNodeRed()]);
  }

  /** Starts the camera, or starts it again after it was killed. */
  async startSimulator(): Promise<void> {
    this.simulator = await SimulatorProcess.start({ ...this.plan.simulator });
  }

  async startGateway(): Promise<void> {
    const config = { name: "Demo house", listen: { host: "127.0.0.1", port: this.plan.gatewayPort } };
    this.gateway = await GatewayProcess.start({ data: join(this.folder, "gateway"), config });
  }

  /** Starts Homebridge; pairs it with the gateway if it is not. */
  async startHomebridge(): Promise<void> {
    const paired = await this.#isPaired("homebridge");
    this.homebridge = await HomebridgeProcess.start({
      storage: join(this.folder, "homebridge"),
      ...this.plan.bridge,
      ...(paired ? {} : { platformConfig: { pairingString: await this.#offer("homebridge") } }),
    });
  }

  /** Starts Node-RED; pairs it with the gateway and deploys the flow if that is not done. */
  async startNodeRed(): Promise<void> {
    await buildNodes();
    const paired = await this.#isPaired("node-red");
    this.nodeRed = await NodeRedProcess.start({ userDir: join(this.folder, "node-red") });
    if (paired && (await this.#isDeployed()) && (await this.#flowSeesCamera())) return;
    await this.nodeRed.deploy(
      houseFlow({ pairingString: await this.#offer("node-red"), collector: this.collector.url }),
    );
    if (!(await this.#flowSeesCamera())) throw new Error(`the flow does not see the camera:\n${this.nodeRed.output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#parts.map(async (part) => part[Symbol.asyncDispose]()));
  }

  /** Those that run; some do not when the house could not be built. */
  get #parts(): readonly AsyncDisposable[] {
    const { nodeRed, homebridge, gateway, simulator, collector } = this as Partial<House>;
    return [nodeRed, homebridge, gateway, simulator, collector].filter((part) => part !== undefined);
  }

  async #ensureCamera(): Promise<Camera> {
    const cameras = (await this.gateway.command(["camera", "list"])) as Camera[];
    const [known] = cameras;
    if (known !== undefined) return known;
    const { facts } = this.simulator;
    return (await this.gateway.command(
      ["camera", "add", facts.onvifUrl, "--user", facts.username, "--password-stdin", "--name", "Front door", "--warm"],
      this.plan.simulator.password,
    )) as Camera;
  }

  async #isPaired(kind: PrincipalKind): Promise<boolean> {
    const principals = (await this.gateway.command(["client", "list"])) as Principal[];
    return principals.some((principal) => principal.kind === kind && principal.revoked === null);
  }

  async #offer(kind: PrincipalKind): Promise<string> {
    return ((await this.gateway.command(["pair", "--for", kind])) as PairingOffer).pairingString;
  }

  /** Whether the flow's connection knows the camera within a minute. While flows start, Node-RED does not know the node itself. */
  async #flowSeesCamera(): Promise<boolean> {
    const until = performance.now() + 60_000;
    while (performance.now() < until) {
      const cameras = await this.nodeRed.get(`/gatehouse/${gatewayNodeId}/cameras`).catch(() => []);
      if ((cameras as { id: string }[]).some(({ id }) => id === this.camera.id)) return true;
      await delay(50);
    }
    return false;
  }

  async #isDeployed(): Promise<boolean> {
    const { flows } = (await this.nodeRed.get("/flows")) as { readonly flows: readonly { readonly id: string }[] };
    return flows.some(({ id }) => id === gatewayNodeId);
  }
}
