import { GatehouseError, type Cancellable, type Clock } from "@gatehouse/shared";

import type { AuthMemory, Credentials } from "../../domain/camera.ts";
import { Authorizer } from "../../protocols/auth/authorizer.ts";
import type { HttpLogin } from "../../protocols/http/http-client.ts";
import { LoginLatch } from "../../protocols/http/login-latch.ts";
import { OwnLogin, type LoginPlane, type OwnLogins } from "./own-logins.ts";
import type { CameraGate } from "./probe-budget.ts";
import type { ProbeLogin } from "./probed-camera.ts";
import { SentPassword, type Proof } from "./sent-password.ts";

export interface ProbeLoginsOptions {
  readonly gate: CameraGate;
  readonly own: OwnLogins;
  readonly credentials: Credentials | undefined;
  /** What streams are opened with, where that is another account. */
  readonly streams: Credentials | undefined;
  readonly memories: Readonly<Record<"onvif" | "snapshot" | "rtsp", AuthMemory>>;
  readonly clock: Clock;
}

/** As whom one question is asked. */
export interface LoginInUse {
  readonly credentials: Credentials;
  readonly sent: SentPassword;
  /** For a client that remembers refusals: the ledger does so in its place. */
  readonly latch: LoginLatch;
  readonly guessed: boolean;
  /** Whether the camera is known, from earlier, to take logins of HTTP for ONVIF. */
  readonly speaksHttp: boolean;
  /** For requests of HTTP and RTSP; each time anew, because what a camera asks for differs from server to server. */
  authorizer(secure: boolean): Authorizer;
  /** Runs alone while it is not known whether the login is right: cameras count several that are under way. */
  alone<T>(work: () => Promise<T>, cancel: Cancellable): Promise<T>;
}

/** Turns what a check asks for into what is sent, and counts it. */
export class ProbeLogins {
  readonly #options: ProbeLoginsOptions;

  constructor(options: ProbeLoginsOptions) {
    this.#options = options;
  }

  /** For whoever sends no password. */
  get noLatch(): LoginLatch {
    return new LoginLatch(this.#options.clock);
  }

  /** The login that is asked for, at that plane; undefined for none. */
  of(login: ProbeLogin, plane: LoginPlane): LoginInUse | undefined {
    if (login.kind === "nobody") return undefined;
    if (login.kind === "guess") return this.#guess(login, plane);
    const { own, gate } = this.#options;
    const credentials = (plane === "rtsp" ? this.#options.streams : undefined) ?? this.#options.credentials;
    if (credentials === undefined) return undefined;
    const proof = own.of(gate.place.camera, plane, credentials);
    return this.#inUse({ credentials, proof, floor: this.#floorOf(plane), guessed: false, readable: false });
  }

  /** What the factory set is no secret, so it may be sent to servers that ask for it in readable form; what a camera is about to get may not. */
  #guess(
    { username, password, secret = false }: ProbeLogin & { readonly kind: "guess" },
    plane: LoginPlane,
  ): LoginInUse {
    const floor = secret ? this.#floorOf(plane) : "none";
    const given = { credentials: { username, password }, proof: new OwnLogin(), floor, guessed: true };
    return this.#inUse({ ...given, readable: !secret });
  }

  #floorOf(plane: LoginPlane): AuthMemory["floor"] {
    return plane === "http" ? "none" : this.#options.memories[plane].floor;
  }

  #inUse({ credentials, proof, floor, guessed, readable }: NewLogin): LoginInUse {
    const { gate, clock } = this.#options;
    const account = { ...gate.place, username: credentials.username };
    const sent = new SentPassword({ ledger: gate.ledger, account, proof });
    // What an inspection sees raises nobody's floor: a page of the camera is not its stream.
    const memory: AuthMemory = { floor, raise: () => undefined };
    return {
      credentials,
      sent,
      guessed,
      speaksHttp: floor !== "none",
      latch: new TellingLatch(clock, () => sent.refused()),
      authorizer: (secure) => new Authorizer({ credentials, secure: secure || readable, memory }),
      alone: async (work, cancel) => {
        using _turn = proof.holds ? undefined : await proof.turn.enter(cancel);
        return await work();
      },
    };
  }
}

interface NewLogin {
  readonly credentials: Credentials;
  readonly proof: OwnLogin & Proof;
  readonly floor: AuthMemory["floor"];
  readonly guessed: boolean;
  /** Whether it may be sent in readable form. */
  readonly readable: boolean;
}

/** Holds nothing back, and tells of each refusal. */
class TellingLatch extends LoginLatch {
  readonly #refused: () => void;

  constructor(clock: Clock, refused: () => void) {
    super(clock);
    this.#refused = refused;
  }

  override refused(): void {
    this.#refused();
  }
}

/** An HTTP login whose every use is counted. */
export const counted = (login: LoginInUse, secure: boolean): HttpLogin => {
  const inner = login.authorizer(secure);
  return {
    challenge: (headers, { authorization, words }) => {
      if (authorization !== undefined) login.sent.heard({ words: (words ?? Buffer.alloc(0)).toString("latin1") });
      inner.challenge(headers, { authorization });
    },
    authorize: (method, uri) => {
      const authorization = inner.authorize(method, uri);
      if (authorization !== undefined) login.sent.sending();
      return authorization;
    },
    accepted: (status) => {
      inner.accepted();
      // Whatever else it says: a password that it does not know is refused by 401, and one that is locked as below.
      if (![403, 423, 429].includes(status)) login.sent.taken();
    },
  };
};

/** What a guess that nobody asked for would prove: nothing. */
export const unasked = (): GatehouseError =>
  new GatehouseError("camera-fault", "the camera asks for no login here, so a password proves nothing", {
    details: { unasked: true },
  });
