/**
 * A process of its own that opens connections to a gateway and keeps so many of them, and does nothing useful with any: told by
 * messages (`FloodOrder`), it answers each with `FloodReport`.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/**
 * `header` and `body` agree on TLS and then send a byte at a time, `upgrade` hangs on to what it is answered, `idle` says nothing. In the order
 * in which those that are lost are replaced.
 */
export const floodKinds = ["header", "body", "upgrade", "idle"] as const;
export type FloodKind = (typeof floodKinds)[number];

export interface FloodTarget {
  readonly port: number;
  /** PEM. */
  readonly authority: string;
  /** The last number of the loopback addresses that connections come from. */
  readonly addresses: { readonly from: number; readonly to: number };
}

/** So many connections from now on, each that is lost replaced, and no more new ones in a second than that. */
export interface FloodOrder {
  readonly wanted: Readonly<Record<FloodKind, number>>;
  readonly perSecond: number;
}

export interface FloodReport {
  /** So far. */
  readonly opened: Readonly<Record<FloodKind, number>>;
  /** Closed by the other side, so far. */
  readonly lost: number;
  /** Now. */
  readonly open: number;
}

const none = (): Record<FloodKind, number> => ({ idle: 0, header: 0, body: 0, upgrade: 0 });
const beatMs = 20;
const byteMs = 100;

const target = JSON.parse(process.env["GATEHOUSE_FLOOD"] ?? "{}") as FloodTarget;
const { port, authority, addresses } = target;
const host = "127.0.0.1";
let order: FloodOrder = { wanted: none(), perSecond: 0 };
const opened = none();
const open = new Map<Socket, FloodKind>();
let lost = 0;
let turn = 0;

const heads: Readonly<Record<Exclude<FloodKind, "idle">, readonly string[]>> = {
  header: ["GET /v1/door HTTP/1.1", "x-slow: "],
  body: [
    "POST /v1/sign-in/password HTTP/1.1",
    `host: ${host}:${port}`,
    `origin: https://${host}:${port}`,
    "content-type: application/json",
    "content-length: 1000",
    "",
    "{",
  ],
  upgrade: [
    "GET /v1/events HTTP/1.1",
    `host: ${host}:${port}`,
    "connection: upgrade",
    "upgrade: websocket",
    "sec-websocket-version: 13",
    `sec-websocket-key: ${"A".repeat(22)}==`,
    "",
    "",
  ],
};

const start = (kind: FloodKind): void => {
  turn += 1;
  const localAddress = `127.0.0.${addresses.from + (turn % (addresses.to - addresses.from + 1))}`;
  const way = { host, port, localAddress };
  const socket =
    kind === "idle" ? connect(way) : connectTls({ ...way, ca: authority, checkServerIdentity: () => undefined });
  open.set(socket, kind);
  opened[kind] += 1;
  socket.on("error", () => undefined);
  socket.once("close", () => {
    if (open.delete(socket)) lost += 1;
  });
  if (kind === "idle") socket.resume();
  else
    void once(socket, "secureConnect").then(
      () => socket.write(heads[kind].join("\r\n")),
      () => undefined,
    );
  if (kind === "header" || kind === "body") socket.resume();
};

setInterval(() => {
  const held = none();
  for (const kind of open.values()) held[kind] += 1;
  let allowance = Math.ceil((order.perSecond * beatMs) / 1_000);
  const lacking = (kind: FloodKind): boolean => order.wanted[kind] > held[kind];
  // One of each in turn: where they are lost as quickly as they come, one kind would leave nothing to the others.
  while (allowance > 0 && floodKinds.some(lacking)) {
    for (const kind of floodKinds.filter(lacking).slice(0, allowance)) {
      start(kind);
      held[kind] += 1;
      allowance -= 1;
    }
  }
}, beatMs);

setInterval(() => {
  for (const [socket, kind] of open) if ((kind === "header" || kind === "body") && socket.writable) socket.write("x");
}, byteMs);

process.on("message", (told: FloodOrder | "report" | "stop") => {
  if (told === "stop") {
    order = { wanted: none(), perSecond: 0 };
    const leaving = [...open.keys()];
    open.clear();
    for (const socket of leaving) socket.destroy();
  } else if (told !== "report") order = told;
  process.send?.({ opened, lost, open: open.size } satisfies FloodReport);
});
process.on("disconnect", () => process.exit(0));
