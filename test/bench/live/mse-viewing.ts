import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

import { WebSocketServer } from "../../../gateway-bridge/src/consumers/fmp4/testing/web-socket.ts";
import { msePage } from "../../support/mse-page.ts";
import { MsePlayer } from "../../support/mse-player.ts";
import type { ApplicationView } from "./application-house.ts";
import { backlogAfterMs, type Join, type Viewing } from "./join.ts";

/** Serves the page, and passes its WebSocket on to the gateway: a page cannot pin a key or log in with a password. */
const openRelay = async ({ camera, client }: ApplicationView): Promise<Server> => {
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(msePage));
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on("upgrade", (request, stream, head) => {
    void client.watch(`/v1/cameras/${camera.id}/live?tier=main`).then((gateway) => {
      // Held back until the page listens too.
      gateway.pause();
      sockets.handleUpgrade(request, stream, head, (page) => {
        gateway.on("message", (data: Buffer, isBinary) => page.send(data, { binary: isBinary }));
        gateway.on("close", () => page.close());
        page.on("close", () => gateway.close());
        gateway.resume();
      });
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
};

/** Chromium by Media Source Extensions, until it has shown its first picture. */
export class MseViewing implements Viewing {
  readonly #relay: Server;
  readonly #player: MsePlayer;

  private constructor(relay: Server, player: MsePlayer) {
    this.#relay = relay;
    this.#player = player;
  }

  static async open(view: ApplicationView): Promise<MseViewing> {
    const relay = await openRelay(view);
    return new MseViewing(relay, await MsePlayer.open(`http://127.0.0.1:${(relay.address() as AddressInfo).port}/`));
  }

  async join(): Promise<Join> {
    const { page } = this.#player;
    await page.reload();
    await this.#player.play(page.url().replace("http:", "ws:"));
    await this.#player.until("playing.firstFrameAt > 0");
    await delay(backlogAfterMs);
    const { frames, openedAt, firstFrameAt } = await this.#player.playing();
    const now = Date.now();
    const sent = frames.flatMap(({ sentAt }) => sentAt ?? []);
    return {
      firstKeyMs: firstFrameAt - openedAt,
      backlogMs: now - (sent.at(-1) ?? Number.NaN),
      keyAt: sent[0] ?? Number.NaN,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#player[Symbol.asyncDispose]();
    this.#relay.closeAllConnections();
    this.#relay.close();
  }
}
