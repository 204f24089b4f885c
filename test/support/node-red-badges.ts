import { Lookout } from "./lookout.ts";
import type { FlowNode, NodeRedProcess } from "./node-red.ts";

/** What a node shows below itself; `text` is undefined when it shows nothing. */
export interface Badge {
  readonly fill?: string;
  readonly shape?: string;
  readonly text?: string;
}

interface CommsMessage {
  readonly topic?: string;
  readonly data?: Badge;
}

/** The badges of the nodes of a running Node-RED, heard of as its editor does. */
export class NodeRedBadges implements AsyncDisposable {
  /** Every badge shown since the last deployment, oldest first. */
  readonly shown: { readonly node: string; readonly badge: Badge }[] = [];
  readonly #nodeRed: NodeRedProcess;
  readonly #socket: WebSocket;
  readonly #lookout = new Lookout();

  private constructor(nodeRed: NodeRedProcess, socket: WebSocket) {
    this.#nodeRed = nodeRed;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const parsed = JSON.parse(String(data)) as CommsMessage | readonly CommsMessage[];
      for (const { topic, data: badge } of [parsed].flat()) {
        if (topic?.startsWith("status/") && badge !== undefined) this.shown.push({ node: topic.slice(7), badge });
      }
      this.#lookout.look();
    });
  }

  static async open(nodeRed: NodeRedProcess): Promise<NodeRedBadges> {
    const socket = new WebSocket(`${nodeRed.url.replace("http", "ws")}/comms`);
    const badges = new NodeRedBadges(nodeRed, socket);
    await heard(socket, "open");
    socket.send(JSON.stringify({ auth: await nodeRed.signIn() }));
    await heard(socket, "message");
    socket.send(JSON.stringify({ subscribe: "status/#" }));
    return badges;
  }

  /** Deploys, which Node-RED answers before the new flow runs, and resolves once the node of the new flow shows this text. */
  async deploy(flows: readonly FlowNode[], node: string, text: string): Promise<void> {
    this.shown.length = 0;
    await this.#nodeRed.deploy(flows);
    await this.until(node, text);
  }

  /** Resolves once the node shows a badge with this text. */
  async until(node: string, text: string, withinMs = 25_000): Promise<Badge> {
    const last = (): Badge | undefined => this.shown.findLast((shown) => shown.node === node)?.badge;
    const find = (): Badge | undefined => (last()?.text === text ? last() : undefined);
    return this.#lookout.until(
      find,
      () => `${node} shows ${JSON.stringify(last())}, and did not show ${text}`,
      withinMs,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = heard(this.#socket, "close");
    this.#socket.close();
    await closed;
  }
}

const heard = (socket: WebSocket, what: "open" | "message" | "close"): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.addEventListener(what, () => resolve(), { once: true });
    socket.addEventListener("error", () => reject(new Error(`the connection to Node-RED broke before ${what}`)), {
      once: true,
    });
  });
