import { GatehouseError, isGatehouseError, type Cancellable, type Clock } from "@gatehouse/shared";

import type { AuthMemory, Credentials } from "../domain/camera.ts";
import type { Snapshot } from "../ports.ts";
import { Authorizer } from "../protocols/auth/authorizer.ts";
import { HttpClient, type HttpAnswer, type HttpLogin } from "../protocols/http/http-client.ts";
import { LoginLatch } from "../protocols/http/login-latch.ts";
import { RenewingLogin } from "../protocols/http/renewing-login.ts";
import { isJpeg } from "../protocols/jpeg/jpeg-size.ts";

export interface SnapshotClientOptions {
  /** The device service, or the picture itself: pictures come from its host, by its scheme. */
  readonly url: URL;
  readonly pin: string | null;
  readonly credentials: Credentials | undefined;
  readonly memory: AuthMemory;
  readonly clock: Clock;
  /** While the camera refuses this password for ONVIF, it is not tried for pictures either. None without ONVIF. */
  readonly onvifLatch?: LoginLatch;
}

const longestJpeg = 8 << 20;

/** Fetches still pictures from one camera. */
export class SnapshotClient implements Disposable {
  readonly #options: SnapshotClientOptions;
  readonly #http: HttpClient;
  readonly #login: HttpLogin | undefined;
  readonly #latch: LoginLatch;

  constructor(options: SnapshotClientOptions) {
    const { url, pin, credentials, memory, clock } = options;
    const secure = url.protocol === "https:";
    this.#options = options;
    this.#http = new HttpClient({ host: url.hostname, pin: secure ? pin : null, clock });
    this.#login = credentials && new RenewingLogin(() => new Authorizer({ credentials, secure, memory }));
    this.#latch = new LoginLatch(clock);
  }

  /** @throws GatehouseError `camera-credentials`, `camera-fault`, `camera-answer-malformed`, and what HttpClient.request throws */
  async take(url: URL, cancel: Cancellable): Promise<Snapshot> {
    this.#options.onvifLatch?.check();
    this.#latch.check();
    // Cameras take the picture after they are asked: this is never later than the truth.
    const capturedAt = this.#options.clock.now();
    const answer = await this.#fetch(url, cancel);
    if (answer.status !== 200) {
      throw new GatehouseError(
        "camera-fault",
        `the camera answered the request for a picture with HTTP ${answer.status}`,
        {
          details: { operation: "snapshot", status: answer.status },
        },
      );
    }
    if (!isJpeg(answer.body)) {
      throw new GatehouseError("camera-answer-malformed", "the camera sent something that is no JPEG as its picture");
    }
    return { jpeg: answer.body, capturedAt };
  }

  [Symbol.dispose](): void {
    this.#http[Symbol.dispose]();
  }

  async #fetch(url: URL, cancel: Cancellable): Promise<HttpAnswer> {
    try {
      const answer = await this.#http.request({ method: "GET", url, limit: longestJpeg, login: this.#login }, cancel);
      if (answer.status !== 401) return answer;
      throw new GatehouseError("camera-credentials", "the camera wants a login for its pictures");
    } catch (error) {
      if (isGatehouseError(error) && error.code === "camera-credentials") this.#latch.refused();
      throw error;
    }
  }
}
