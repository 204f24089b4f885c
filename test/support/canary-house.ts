import {
  GatewayClient,
  loadIdentity,
  pair,
  silentLogger,
  systemClock,
  type Action,
  type ApplicationCredential,
  type Camera,
  type Grant,
  type Login,
  type PrincipalId,
} from "@gatehouse/shared";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Simulator } from "../simulator/simulator.ts";
import { Asker } from "./asker.ts";
import { Canary } from "./canary.ts";
import { GatewayProcess } from "./gateway-process.ts";
import { letGuestIn, letPersonIn } from "./let-in.ts";

const never = { signal: new AbortController().signal };
const hourMs = 3_600_000;

/** What there is of a camera, marked so that it is known wherever it comes out. */
export interface MarkedCamera {
  readonly simulator: Simulator;
  readonly camera: Camera;
  /** In its pictures, its snapshots, its events and its serial number. */
  readonly stamp: Canary;
  readonly name: Canary;
  /** Its password; nobody is ever shown it. */
  readonly secret: Canary;
}

/** Somebody who may do some things with one camera. */
export interface Friend {
  readonly principal: PrincipalId;
  readonly asker: Asker;
  /** For RTSP. */
  readonly login?: ApplicationCredential;
}
export const friendKinds = ["person", "guest", "application", "plugin"] as const;
export type FriendKind = (typeof friendKinds)[number];

/** What each may do with its camera. */
export const rightsOf = {
  person: ["live", "snapshot", "clip", "events", "talk"],
  guest: ["live", "snapshot", "events", "talk"],
  application: ["live", "snapshot", "clip", "talk"],
  plugin: ["live", "snapshot", "clip", "events", "talk"],
} as const satisfies Record<FriendKind, readonly Action[]>;

/** A camera with everybody who may see it, and no other. */
export interface Household extends MarkedCamera, Readonly<Record<FriendKind, Friend>> {
  /** Of its person's, its guest's. */
  readonly login: Login["id"];
  readonly link: string;
  /** That holds grants on it; nobody holds the role. */
  readonly role: string;
}

/** A real gateway with two cameras, the friends of each, and an owner who may see all. */
export class CanaryHouse implements AsyncDisposable {
  readonly gateway: GatewayProcess;
  readonly owner: GatewayClient;
  /** What the owner's key shows. */
  readonly ownerAsker: Asker;
  /** The owner's own player, for RTSP. */
  readonly ownerLogin: ApplicationCredential;
  readonly own: Household;
  readonly other: Household;
  readonly #resources: AsyncDisposableStack;

  private constructor(
    parts: Pick<CanaryHouse, "gateway" | "owner" | "ownerAsker" | "ownerLogin" | "own" | "other">,
    resources: AsyncDisposableStack,
  ) {
    this.gateway = parts.gateway;
    this.owner = parts.owner;
    this.ownerAsker = parts.ownerAsker;
    this.ownerLogin = parts.ownerLogin;
    this.own = parts.own;
    this.other = parts.other;
    this.#resources = resources;
  }

  static async open(): Promise<CanaryHouse> {
    await using opening = new AsyncDisposableStack();
    const folder = opening.adopt(await mkdtemp(join(tmpdir(), "gatehouse-canary-")), (path) =>
      rm(path, { recursive: true }),
    );
    const config = { listen: { port: 0 }, rtsp: { port: 0 } };
    const gateway = opening.use(await GatewayProcess.start({ data: join(folder, "gateway"), config }));
    const identity = await loadIdentity(join(gateway.data, "cli.json"));
    if (identity === undefined) throw new Error("the gateway has no owner");
    const owner = opening.use(new GatewayClient({ identity, clock: systemClock, log: silentLogger, random: () => 0 }));
    const ownerAsker = await Asker.with(gateway, { identity });
    const [own, other] = [await household(opening, gateway, owner), await household(opening, gateway, owner)];
    const everything = rightsOf.application.map((action) => ({ action, camera: "*" as const }));
    const ownerLogin = await owner.call("addApplication", { body: { name: "Mine", grants: everything } }, never);
    return new CanaryHouse({ gateway, owner, ownerAsker, ownerLogin, own, other }, opening.move());
  }

  /** One more camera, which nobody but the owner may see. */
  async addCamera(stack: AsyncDisposableStack): Promise<MarkedCamera> {
    return addCamera(stack, this.owner);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

const addCamera = async (stack: AsyncDisposableStack, owner: GatewayClient): Promise<MarkedCamera> => {
  const [stamp, name, secret] = [new Canary(), new Canary(), new Canary()];
  const simulator = stack.use(await Simulator.open({ id: stamp.text, password: secret.text }));
  const { onvifUrl: address, username, password } = simulator;
  const body = { address, name: name.text, username, password, warm: true };
  return { simulator, camera: await owner.call("addCamera", { body }, never), stamp, name, secret };
};

const household = async (
  stack: AsyncDisposableStack,
  gateway: GatewayProcess,
  owner: GatewayClient,
): Promise<Household> => {
  const marked = await addCamera(stack, owner);
  const { camera } = marked;
  const grantsOf = (kind: FriendKind): Grant[] => rightsOf[kind].map((action) => ({ action, camera: camera.id }));
  const role = await owner.call("addRole", { body: { name: camera.id, grants: grantsOf("person") } }, never);
  const person = await letPersonIn(gateway, owner, { grants: grantsOf("person") });
  const until = Date.now() + hourMs;
  const wish = { name: "Guest", cameras: [camera.id], actions: [...rightsOf.guest], until };
  const { link, ...guest } = await letGuestIn(gateway, owner, wish);
  const application = await letApplicationIn(gateway, owner, camera);
  const plugin = await letPluginIn(gateway, owner, grantsOf("plugin"));
  const [login] = await owner
    .call("listLogins", {}, never)
    .then((all) => all.filter(({ person: whose }) => whose === person.principal));
  if (login === undefined) throw new Error("nobody is signed in");
  return { ...marked, person, guest, application, plugin, login: login.id, link, role: role.id };
};

const letApplicationIn = async (
  gateway: GatewayProcess,
  owner: GatewayClient,
  { id: camera }: Camera,
): Promise<Friend> => {
  const grants = rightsOf.application.map((action) => ({ action, camera }));
  const login = await owner.call("addApplication", { body: { name: "Player", grants } }, never);
  const { username, password } = login;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  return { principal: login.principal, asker: await Asker.with(gateway, { headers: { authorization } }), login };
};

const letPluginIn = async (gateway: GatewayProcess, owner: GatewayClient, grants: Grant[]): Promise<Friend> => {
  const body = { kind: "homebridge" as const, name: "Plugin", grants };
  const { pairingString } = await owner.call("offerPairing", { body }, never);
  const identity = await pair({ pairingString, kind: "homebridge", clock: systemClock }, never);
  return { principal: identity.principal, asker: await Asker.with(gateway, { identity }) };
};
