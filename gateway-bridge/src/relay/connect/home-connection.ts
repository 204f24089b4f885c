import {
  callRoute,
  withDeadline,
  type Cancellable,
  type Camera,
  type Clock,
  type Logger,
  type Me,
  type PasswordSignIn,
  type WayHome,
} from "@gatehouse/shared";

import { ApiProxy } from "./api-proxy.ts";
import type { LocalCredential } from "./credential.ts";
import { HomeHttp } from "./home-http.ts";
import { HomeLine, type HomeLineOptions } from "./home-line.ts";
import type { KeptIdentity } from "./kept-identity.ts";
import { limits } from "./limits.ts";
import { LoginCookies } from "./login-cookies.ts";
import { PersonLogin } from "./person-login.ts";
import { RtspProxy } from "./rtsp-proxy.ts";

export interface HomeConnectionOptions extends Pick<HomeLineOptions, "onState"> {
  readonly kept: KeptIdentity;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Where local programs find the home. */
export interface LocalPorts {
  readonly api: number;
  readonly rtsp: number;
}

/** A gateway at home, as this computer reaches it from away: its API and its RTSP server, on two loopback ports. */
export class HomeConnection implements AsyncDisposable {
  readonly #options: HomeConnectionOptions;
  readonly #line: HomeLine;
  readonly #http: HomeHttp;
  readonly #login: PersonLogin;
  readonly #ports = new AsyncDisposableStack();
  /** By Clock.monotonic(). */
  #learntAt = -Infinity;

  constructor(options: HomeConnectionOptions) {
    const { kept, clock } = options;
    this.#options = options;
    this.#line = new HomeLine(options);
    const cookies = new LoginCookies();
    this.#http = new HomeHttp({
      open: (way, cancel) => this.#line.open({ errand: { kind: "api" }, way }, cancel),
      cookies,
      host: `${kept.identity.gateway.id}.gatehouse.internal`,
      clock,
    });
    this.#login = new PersonLogin({ http: this.#http, cookies, kept });
  }

  /** Resolves once the gateway answers. @throws GatehouseError why it does not */
  async reach(cancel: Cancellable): Promise<void> {
    await callRoute(this.#http, { name: "doorState" }, cancel);
  }

  /** Signs the device's person in. @throws GatehouseError `sign-in-refused`, `too-many-guesses`, or what the way home says */
  async signIn(attempt: PasswordSignIn, cancel: Cancellable): Promise<Me> {
    const me = await this.#login.signIn(attempt, cancel);
    await this.#learnWayHome(cancel);
    return me;
  }

  /** Resolves when the login is over, and somebody must sign in again. */
  get loginOver(): Promise<undefined> {
    return this.#login.over;
  }

  /** What the person may see from here. */
  cameras(cancel: Cancellable): Promise<Camera[]> {
    return callRoute(this.#http, { name: "listCameras" }, cancel);
  }

  /** Opens the two ports. @throws GatehouseError `address-in-use`, `request-invalid` */
  async listen(
    { api, rtsp, credential }: LocalPorts & { readonly credential: LocalCredential },
    cancel: Cancellable,
  ): Promise<LocalPorts> {
    const { clock, log } = this.#options;
    const own = { credential, clock, log };
    const onUsed = (): void => void this.#learnWayHome(cancel);
    const ofApi = await ApiProxy.open({ ...own, port: api, http: this.#http, login: this.#login, onUsed }, cancel);
    this.#ports.use(ofApi);
    const ofRtsp = await RtspProxy.open(
      {
        ...own,
        port: rtsp,
        open: async (within) => {
          const errand = { kind: "rtsp", login: this.#login.secret() } as const;
          return this.#line.open({ errand, way: "own" }, within);
        },
        onSilentEnd: () => void this.#login.check(cancel),
      },
      cancel,
    );
    this.#ports.use(ofRtsp);
    return { api: ofApi.port, rtsp: ofRtsp.port };
  }

  /** Closes the ports, and signs out as well as that can be done. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { clock } = this.#options;
    await this.#ports.disposeAsync();
    const { signal } = new AbortController();
    const deadline = { signal, clock, ms: limits.signOut, what: "the end of the login" };
    await withDeadline(deadline, (within) => this.#login.signOut(within)).catch(() => undefined);
    this.#http[Symbol.dispose]();
  }

  /** Keys change: whoever is at home now and then knows the new ones before the old ones are dropped. */
  async #learnWayHome(cancel: Cancellable): Promise<void> {
    const { kept, clock, log } = this.#options;
    const now = clock.monotonic();
    if (now - this.#learntAt < limits.wayHome) return;
    this.#learntAt = now;
    try {
      const wayHome: WayHome = await callRoute(this.#http, { name: "wayHome" }, cancel);
      if (await kept.learn(wayHome)) log.info("the way home has changed, and was noted");
    } catch (error) {
      this.#learntAt = -Infinity;
      if (!cancel.signal.aborted) log.warn("the way home could not be asked for", { error: String(error) });
    }
  }
}
