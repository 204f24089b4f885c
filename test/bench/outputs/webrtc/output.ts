import type { EngineName } from "../../../../gateway-bridge/src/consumers/webrtc/peer-connection.ts";
import type { MediaHost } from "../../media-host/host.ts";
import { WorkerProcess } from "../../worker-process.ts";
import type { Output, Watcher } from "../output.ts";
import type { viewerHandlers } from "./viewers-main.ts";

interface Connecting {
  readonly host: MediaHost;
  readonly camera: number;
  readonly checks: boolean;
}

/** Viewers in a process of their own: each deciphers all it gets, whether anybody looks or not. */
export class WebRtcOutput implements Output, AsyncDisposable {
  readonly name = "webrtc";
  readonly #viewers: WorkerProcess<typeof viewerHandlers>;
  readonly #engine: EngineName | undefined;

  private constructor(viewers: WorkerProcess<typeof viewerHandlers>, engine: EngineName | undefined) {
    this.#viewers = viewers;
    this.#engine = engine;
  }

  /** @param engine what the gateway is to use; left out, what it prefers */
  static async open(engine?: EngineName): Promise<WebRtcOutput> {
    const file = new URL("viewers-main.ts", import.meta.url);
    return new WebRtcOutput(await WorkerProcess.start<typeof viewerHandlers>(file), engine);
  }

  async join(host: MediaHost, camera: number): Promise<AsyncDisposable> {
    return this.#connect({ host, camera, checks: false });
  }

  async watch(host: MediaHost, camera: number): Promise<Watcher> {
    return this.#connect({ host, camera, checks: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#viewers[Symbol.asyncDispose]();
  }

  /** A viewer of libdatachannel gives up when the gateway's first packets reach it before the answer does; then another tries. */
  async #connect({ host, camera, checks }: Connecting, tries = 3): Promise<Watcher> {
    const viewers = this.#viewers;
    const { id, sdp } = await viewers.call("offer", { checks });
    const answer = await host.call("webRtcOffer", { camera, sdp, engine: this.#engine });
    try {
      await viewers.call("accept", { id, sdp: answer.sdp });
    } catch (error) {
      await host.call("webRtcEnd", answer.session);
      await viewers.call("close", id);
      if (tries === 1) throw error;
      return this.#connect({ host, camera, checks }, tries - 1);
    }
    return {
      received: () => viewers.call("received", id),
      [Symbol.asyncDispose]: async () => {
        await host.call("webRtcEnd", answer.session);
        await viewers.call("close", id);
      },
    };
  }
}
