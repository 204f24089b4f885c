import type { Camera, Status } from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContextOptions } from "playwright-core";

import { Simulator } from "../simulator/simulator.ts";
import { HomeBrowser } from "./browser.ts";
import { freePort } from "./free-port.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { PageClient } from "./page-client.ts";
import type { Visitor } from "./visitor.ts";

export interface DoorHomeOptions {
  /** What the cameras are called. */
  readonly cameras: readonly string[];
  /** Further names that lead to this box, in the browser. */
  readonly hosts?: readonly string[];
  /** Further authorities that the browser trusts, PEM. */
  readonly authorities?: readonly string[];
}

/** A camera and what films for it. */
export interface DoorCamera extends Camera {
  readonly simulator: Simulator;
}

/** Somebody's home: simulated cameras, a real gateway that nobody has taken hold of yet, and a browser that trusts it. */
export class DoorHome implements AsyncDisposable {
  #gateway: GatewayProcess;
  readonly cameras: readonly DoorCamera[];
  readonly browser: HomeBrowser;
  /** The gateway's host, as its pages' links name it: a name, because passkeys need one. */
  readonly host: string;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    parts: Pick<DoorHome, "gateway" | "cameras" | "browser" | "host">,
    resources: AsyncDisposableStack,
  ) {
    this.#gateway = parts.gateway;
    this.cameras = parts.cameras;
    this.browser = parts.browser;
    this.host = parts.host;
    this.#resources = resources;
  }

  static async open({ cameras: names, hosts = [], authorities = [] }: DoorHomeOptions): Promise<DoorHome> {
    await using opening = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "gatehouse-door-home-"));
    opening.defer(() => rm(folder, { recursive: true, maxRetries: 3 }));
    const simulators = await Promise.all(names.map(() => Simulator.open({ bitrateKbps: 1_000, audio: "opus" })));
    for (const simulator of simulators) opening.use(simulator);
    // The same after a restart.
    const config = { listen: { port: await freePort() } };
    const gateway = await GatewayProcess.start({ data: join(folder, "gateway"), config });
    const cameras: DoorCamera[] = [];
    for (const [index, simulator] of simulators.entries()) {
      cameras.push({ ...(await addCamera(gateway, simulator, names[index] ?? "")), simulator });
    }
    const {
      gateway: { id },
    } = (await gateway.command(["status"])) as Status;
    const { text: authority } = await (await PageClient.of(gateway)).ask({ path: "/trust/ca.pem" });
    const name = `${id}.local`;
    const options = {
      folder: join(folder, "browser"),
      authorities: [authority, ...authorities],
      hosts: [name, ...hosts],
    };
    const browser = opening.use(await HomeBrowser.open(options));
    const host = `${name}:${gateway.address.split(":")[1]}`;
    return new DoorHome({ gateway, cameras, browser, host }, opening.move());
  }

  get gateway(): GatewayProcess {
    return this.#gateway;
  }

  get origin(): string {
    return `https://${this.host}`;
  }

  camera(name: string): DoorCamera {
    const found = this.cameras.find((camera) => camera.name === name);
    if (found === undefined) throw new Error(`there is no camera ${name}`);
    return found;
  }

  /** A browser as it is after somebody signed in with it, by another client's cookies. */
  async signedIn({ cookies }: PageClient, options: BrowserContextOptions = {}): Promise<Visitor> {
    const all = {
      domain: this.host.replace(/:.*/, ""),
      path: "/",
      expires: -1,
      secure: true,
      httpOnly: true,
      sameSite: "Strict" as const,
    };
    const storageState = {
      cookies: [...cookies].map(([name, value]) => ({ ...all, name, value })),
      // What the pages leave behind, so that they know it themselves.
      origins: [{ origin: this.origin, localStorage: [{ name: "gatehouse.signed-in", value: "yes" }] }],
    };
    return this.browser.visitor({ ...options, storageState });
  }

  /** How many watch a camera now. */
  async viewers({ id }: Pick<Camera, "id">): Promise<number> {
    const { streams } = (await this.gateway.command(["status"])) as Status;
    return streams.filter(({ camera }) => camera === id).reduce((sum, { viewers }) => sum + viewers, 0);
  }

  /** Ends the gateway, and starts it again once `meanwhile` is through. */
  async restart(meanwhile: () => Promise<void>): Promise<void> {
    await this.#gateway.kill();
    await meanwhile();
    this.#gateway = await GatewayProcess.start({ data: this.#gateway.data });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway[Symbol.asyncDispose]();
    await this.#resources.disposeAsync();
  }
}

const addCamera = async (gateway: GatewayProcess, simulator: Simulator, name: string): Promise<Camera> => {
  const { onvifUrl, username, password } = simulator;
  const add = ["camera", "add", onvifUrl, "--user", username, "--password-stdin", "--name", name, "--warm"];
  return (await gateway.command(add, password)) as Camera;
};
