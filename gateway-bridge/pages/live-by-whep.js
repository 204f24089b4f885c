// @ts-check
/** @import { Attempt, AttemptEvents, Ending } from "./live-attempt.js" */
import { play } from "./live-attempt.js";

/** How long a browser may look for its own addresses, ms: the gateway's, which are what is needed, come with the answer. */
const gatheringMs = 1_000;

export const hasWebRtc = "RTCPeerConnection" in globalThis;

/**
 * Watches a camera by WebRTC, which is agreed on by one question and one answer (WHEP): where Media Source Extensions are missing, or
 * WebSockets do not come through.
 */
export class LiveByWhep {
  /** Browsers notice some seconds later that nobody is at the other end. */
  tells = false;
  #events;
  #connection = new RTCPeerConnection();
  #leaving = new AbortController();
  /** Where the gateway is told that nobody watches any more. */
  #session = "";

  /**
   * @param {HTMLVideoElement} video
   * @param {{ readonly camera: string, readonly query: string }} of
   * @param {AttemptEvents} events
   */
  constructor(video, { camera, query }, events) {
    this.#events = events;
    const connection = this.#connection;
    const media = new MediaStream();
    connection.addEventListener("track", ({ track }) => {
      media.addTrack(track);
      if (video.srcObject !== media) video.srcObject = media;
      events.form(media.getAudioTracks().length > 0);
      void play(video, events.held);
    });
    connection.addEventListener("connectionstatechange", () => {
      const { connectionState } = connection;
      if (["disconnected", "failed", "closed"].includes(connectionState)) this.#end({ kind: "lost" });
    });
    void this.#open(`/v1/cameras/${camera}/whep${query}`);
  }

  end() {
    if (this.#over) return;
    this.#leaving.abort();
    this.#connection.close();
    // The connection's end tells the gateway as well, but its word may be lost.
    if (this.#session !== "") void fetch(this.#session, { method: "DELETE", keepalive: true }).catch(() => undefined);
  }

  get #over() {
    return this.#leaving.signal.aborted;
  }

  /** @param {Ending} ending */
  #end(ending) {
    if (this.#over) return;
    // What ended by itself is not there to be ended.
    this.#session = "";
    this.end();
    this.#events.over(ending);
  }

  /** @param {string} path */
  async #open(path) {
    try {
      const response = await fetch(path, {
        method: "POST",
        headers: { "content-type": "application/sdp" },
        body: await this.#offer(),
        signal: this.#leaving.signal,
      });
      if (!response.ok) {
        const { error } = await response.json();
        this.#end({ kind: "told", error });
        return;
      }
      this.#session = response.headers.get("location") ?? "";
      await this.#connection.setRemoteDescription({ type: "answer", sdp: await response.text() });
    } catch {
      this.#end({ kind: "unopened" });
    }
  }

  async #offer() {
    const connection = this.#connection;
    connection.addTransceiver("video", { direction: "recvonly" });
    connection.addTransceiver("audio", { direction: "recvonly" });
    await connection.setLocalDescription();
    await new Promise((resolve) => {
      setTimeout(resolve, gatheringMs);
      connection.addEventListener("icegatheringstatechange", () => {
        if (connection.iceGatheringState === "complete") resolve(undefined);
      });
    });
    return connection.localDescription?.sdp;
  }
}
