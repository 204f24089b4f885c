import {
  doorName,
  formatRelayInvite,
  goHome,
  makeDeviceKey,
  openChannel,
  pairDevice,
  Secret,
  systemClock,
  type DeviceIdentity,
  type Grant,
  type GatewayClient,
  type Invitation,
  type PrincipalId,
  type TotpSecret,
  type Way,
} from "@gatehouse/shared";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";

import { codeAt } from "../../gateway-bridge/src/access/people/testing/authenticator.ts";
import { Asker, type AskedGateway } from "./asker.ts";
import type { ClockedHome } from "./clocked-home.ts";
import { eventually } from "./eventually.ts";
import { freshCode } from "./fresh-code.ts";
import { PageClient } from "./page-client.ts";
import { RelayHome } from "./relay-home.ts";
import { RtspReader } from "./rtsp-reader.ts";

const never = { signal: new AbortController().signal };
const stepMs = 30_000;
export const password = "correct horse battery staple";

/** Has the home's clock go on to the beginning of the next step of all authenticators, whose codes were not used yet. */
export const nextStep = ({ clock }: Pick<ClockedHome, "clock">): void => clock.jump(stepMs - (clock.now() % stepMs));

/** A relay in this process, at which the home's gateway is enrolled and to which it is connected. */
export const openRelayOf = async (
  { owner }: Pick<ClockedHome, "owner">,
  stack: AsyncDisposableStack,
): Promise<RelayHome> => {
  const relay = stack.use(await RelayHome.open());
  const { secret } = relay.gateways.invite({ ttlMs: 60_000 });
  const invite = formatRelayInvite({
    ...{ address: `127.0.0.1:${relay.port}`, relay: relay.name, relayKey: relay.pin },
    secret,
  });
  await owner.call("enrolAtRelay", { body: { invite } }, never);
  await switchOn(owner);
  return relay;
};

/** Resolves once the gateway is connected to its relay. */
export const switchOn = async (owner: GatewayClient): Promise<void> => {
  await owner.call("switchRemote", { body: { enabled: true } }, never);
  let connected = false;
  const look = async (): Promise<void> => {
    while (!connected) connected = (await owner.call("remote", {}, never)).connection === "connected";
  };
  await Promise.race([look(), eventually("the gateway is connected to the relay", () => connected)]);
};

/** Asks things of the gateway through the relay, one channel each. */
class AwayAsker extends Asker {
  readonly #identity: DeviceIdentity;
  readonly #way: Way;

  constructor(identity: DeviceIdentity, cookie: string, way: Way) {
    const name = doorName(identity.wayHome.gatewayKeys[0] ?? "");
    super({ address: name }, "", cookie === "" ? {} : { headers: { cookie } });
    this.#identity = identity;
    this.#way = way;
  }

  override async connect(): Promise<TLSSocket> {
    const { wayHome } = this.#identity;
    const traveller = { identity: this.#identity, wayHome, clock: systemClock };
    const socket = await goHome({ ...traveller, errand: { kind: "api" }, way: this.#way }, never);
    socket.on("error", () => undefined);
    return socket;
  }
}

/** Somebody who has set up two factors, and a device to take along. */
export class AwayPerson {
  readonly id: PrincipalId;
  readonly loginName: string;
  readonly #clock: ClockedHome["clock"];
  readonly #totp: string;
  #cookie = "";
  readonly #identity: DeviceIdentity;

  private constructor(
    { clock }: ClockedHome,
    person: { readonly id: PrincipalId; readonly loginName: string; readonly totp: string },
    identity: DeviceIdentity,
  ) {
    this.id = person.id;
    this.loginName = person.loginName;
    this.#totp = person.totp;
    this.#clock = clock;
    this.#identity = identity;
  }

  /** Sets somebody up at home. */
  static async of(home: ClockedHome, loginName: string, grants: Grant[]): Promise<AwayPerson> {
    const { owner } = home;
    const { id, totp } = await setUp(
      home,
      await owner.call("addPerson", { body: { name: loginName, loginName, grants } }, never),
    );
    return new AwayPerson(home, { id, loginName, totp }, await pairFor(home, id));
  }

  get device(): DeviceIdentity {
    return this.#identity;
  }

  /** The value of the login's cookie. */
  get cookie(): string {
    return this.#cookie;
  }

  /** Asks as who is signed in, or as a stranger, or with somebody else's cookie. */
  asker(cookie: string = this.#cookie, way: Way = "own"): Asker {
    return new AwayAsker(this.#identity, cookie === "" ? "" : `__Host-gatehouse=${cookie}`, way);
  }

  /** A channel by which this device was admitted, and nothing else. */
  channel(way: Way): Promise<Duplex> {
    const { wayHome } = this.#identity;
    return openChannel({ identity: this.#identity, wayHome, clock: systemClock, way }, never);
  }

  /** A sign-in as this person or another, on this person's device. */
  async trySignIn(
    who: { readonly loginName: string; readonly code?: string | undefined },
    text = password,
  ): Promise<{ readonly status: number; readonly code: string | undefined; readonly cookie: string | undefined }> {
    const body = JSON.stringify({
      loginName: who.loginName,
      password: text,
      ...(who.code !== undefined && { code: who.code }),
    });
    const question = { path: "/v1/sign-in/password", method: "POST", type: "application/json", body };
    const answer = await this.asker("").ask(question);
    const [cookie] = (answer.headers["set-cookie"] ?? []).map((value) => /^__Host-gatehouse=([^;]+)/.exec(value)?.[1]);
    const { error } = JSON.parse(answer.body.toString()) as { readonly error?: { readonly code: string } };
    return { status: answer.status, code: error?.code, cookie };
  }

  /** The authenticator's code of now. The home's clock must have gone on by half a minute since the last. */
  code(): string {
    return codeAt(this.#totp, this.#clock.now());
  }

  async signIn(): Promise<void> {
    const { cookie, code } = await this.trySignIn({ loginName: this.loginName, code: this.code() });
    if (cookie === undefined) throw new Error(`the sign-in was refused: ${code ?? ""}`);
    this.#cookie = cookie;
  }

  /** An RTSP reader, on a channel of its own. */
  async reader(cookie = this.#cookie): Promise<RtspReader> {
    const traveller = { identity: this.#identity, wayHome: this.#identity.wayHome, clock: systemClock };
    const errand = { kind: "rtsp", login: Secret.of(cookie) } as const;
    return RtspReader.on(await goHome({ ...traveller, errand, way: "own" }, never));
  }
}

const setUp = async (
  { gateway, clock }: { readonly gateway: AskedGateway; readonly clock: ClockedHome["clock"] },
  { code, person }: Invitation,
): Promise<{ readonly id: PrincipalId; readonly totp: string }> => {
  const page = await PageClient.of(gateway);
  await page.get({ method: "POST", path: "/v1/invitations/open", body: { code } });
  await page.get({ method: "PUT", path: "/v1/me/password", body: { password } });
  const { secret } = (await page.get({ method: "POST", path: "/v1/me/totp" })) as TotpSecret;
  await page.get({ method: "PUT", path: "/v1/me/totp", body: { code: await freshCode(secret, clock) } });
  return { id: person.id, totp: secret };
};

const pairFor = async ({ owner }: Pick<ClockedHome, "owner">, person: PrincipalId): Promise<DeviceIdentity> => {
  const { pairingString } = await owner.call("offerDevice", { body: { person, name: "Laptop" } }, never);
  return pairDevice({ pairingString, privateKey: await makeDeviceKey(), clock: systemClock }, never);
};
