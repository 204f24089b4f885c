import { setTimeout as delay } from "node:timers/promises";

import { splitAnnexB } from "../../simulator/nal.ts";
import { readStamp } from "../../simulator/stamp.ts";
import { WebRtcPage } from "../../support/webrtc-page.ts";
import type { ApplicationView } from "./application-house.ts";
import { backlogAfterMs, type Join, type Viewing } from "./join.ts";

/** Chromium by WebRTC, until it has decoded its first picture. */
export class WebRtcViewing implements Viewing {
  readonly #page: WebRtcPage;
  readonly #camera: string;

  private constructor(page: WebRtcPage, camera: string) {
    this.#page = page;
    this.#camera = camera;
  }

  static async open({ camera, farmCamera, client }: ApplicationView): Promise<WebRtcViewing> {
    const path = `/v1/cameras/${camera.id}/whep?tier=main`;
    const page = await WebRtcPage.open(async (offer) => {
      const answer = await client.ask({ path, method: "POST", type: "application/sdp", body: offer });
      if (answer.status !== 201) throw new Error(`the gateway answered ${answer.status}: ${answer.body.toString()}`);
      return answer.body.toString();
    });
    return new WebRtcViewing(page, farmCamera.id);
  }

  async join(): Promise<Join> {
    await this.#page.watch({ audio: "none" });
    const { firstFrameMs = Number.NaN } = await this.#page.until(
      "a decoded picture",
      (watched) => watched.firstFrameMs !== undefined,
    );
    await delay(backlogAfterMs);
    const heads = await this.#page.heads();
    const now = Date.now();
    await this.#page.leave();
    const [first, newest] = [heads[0], heads.at(-1)].map((head = Buffer.alloc(0)) => this.#sentAt(head));
    return { firstKeyMs: firstFrameMs, backlogMs: now - (newest ?? Number.NaN), keyAt: first ?? Number.NaN };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#page[Symbol.asyncDispose]();
  }

  /** Of a picture's first bytes: its stamp comes before its slices. */
  #sentAt(head: Buffer): number {
    const stamp = readStamp(splitAnnexB(head));
    if (stamp?.camera !== this.#camera) throw new Error(`a picture of ${stamp?.camera ?? "nobody"} came`);
    return stamp.sentAt;
  }
}
