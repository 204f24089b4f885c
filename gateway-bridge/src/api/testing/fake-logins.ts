import { EventBus, silentLogger, type LoginId } from "@gatehouse/shared";

import type { LiveLogin } from "../../domain/login-policy.ts";
import type { ApiServerOptions } from "../server.ts";

/** Logins in the test's hands, by their Cookie header. */
export class FakeLogins implements Pick<ApiServerOptions["logins"], keyof ApiServerOptions["logins"]> {
  readonly standing = new Map<string, LiveLogin>();
  readonly #ended = new EventBus<LoginId>(silentLogger);

  find(cookieHeader: string | undefined): LiveLogin | "none" | "ended" {
    if (cookieHeader === undefined) return "none";
    return this.standing.get(cookieHeader) ?? "ended";
  }

  get(id: LoginId): LiveLogin | undefined {
    return [...this.standing.values()].find((login) => login.id === id);
  }

  end(cookieHeader: string): void {
    const login = this.standing.get(cookieHeader);
    this.standing.delete(cookieHeader);
    if (login !== undefined) this.#ended.emit(login.id);
  }

  onEnded(listener: (id: LoginId) => void): Disposable {
    return this.#ended.on(listener);
  }
}
