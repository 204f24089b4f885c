import type { LoginId, PrincipalId } from "@gatehouse/shared";

import { deviceLabel } from "../../domain/device-label.ts";
import type { Standing } from "../../domain/circumstances.ts";
import type { SignedInVisitor } from "../../ports.ts";
import type { DigestGuard, GuardedRequest } from "../../protocols/rtsp-server/digest-guard.ts";
import type { Admission, ReaderGate } from "./reader-gate.ts";

/** How one connection shows who reads. */
export interface ReaderLogin {
  /** What it is counted by: an address, or a device. */
  readonly peer: string;
  /** How whoever reads here comes in, and the login with which that stands and falls. */
  readonly standing: Standing & { readonly login: LoginId | undefined };
  /** Whose the connection is before anything was asked. */
  readonly owner: PrincipalId | undefined;
  /** Asked for every request that names a camera. */
  admit(request: GuardedRequest): Admission;
}

/** By an application's password, which each request proves. */
export class PasswordLogin implements ReaderLogin {
  readonly peer: string;
  readonly standing: ReaderLogin["standing"];
  readonly owner = undefined;
  readonly #gate: ReaderGate;
  readonly #guard: DigestGuard;

  constructor(gate: ReaderGate, { peer, secure }: { readonly peer: string; readonly secure: boolean }) {
    this.peer = peer;
    this.standing = { ...gate.standingOf(peer), login: undefined };
    this.#gate = gate;
    this.#guard = gate.guard({ secure });
  }

  admit(request: GuardedRequest): Admission {
    return this.#gate.authenticate(this.#guard, request, this.peer);
  }
}

/** By the login of a person who is away, as it stands at each request. What the request itself shows counts for nothing. */
export class PersonLogin implements ReaderLogin {
  readonly peer: string;
  readonly standing: ReaderLogin["standing"];
  readonly owner: PrincipalId;
  readonly #gate: ReaderGate;
  readonly #visitor: SignedInVisitor;

  constructor(gate: ReaderGate, visitor: SignedInVisitor) {
    const { device, person, login } = visitor;
    this.peer = deviceLabel(device);
    this.standing = { place: "away", assurance: login.assurance, login: login.id };
    this.owner = person;
    this.#gate = gate;
    this.#visitor = visitor;
  }

  admit(): Admission {
    return this.#gate.recognize(this.#visitor, this.peer);
  }
}
