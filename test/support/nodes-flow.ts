import type { Event } from "@gatehouse/shared";

import type { Collector } from "./collector.ts";
import type { FlowNode } from "./node-red.ts";

export const nodeIds = {
  tab: "a000000000000001",
  gateway: "a000000000000002",
  everything: "a000000000000003",
  gardenEnds: "a000000000000004",
  mark: "a00000000000000a",
  take: "a000000000000005",
  snapshot: "a000000000000006",
  caught: "a000000000000007",
  report: "a000000000000008",
  send: "a000000000000009",
} as const;

export interface NodesFlowOptions {
  /** Undefined: as in a deployment that leaves the credentials alone. Null: no gateway node at all. */
  readonly pairingString?: string | null | undefined;
  readonly collector: string;
  readonly gatewayName?: string;
}

/** What the flow reports of each message: JSON, numbered in the order in which the messages came. */
const reportCode = `
const sequence = (context.get("sequence") ?? 0) + 1;
context.set("sequence", sequence);
const { topic, camera, contentType, capturedAt, kept, error, payload } = msg;
const picture = Buffer.isBuffer(payload) ? payload.toString() : undefined;
msg.payload = { kind: "report", sequence, topic, camera, contentType, capturedAt, kept, picture };
if (error) msg.payload.error = { message: error.message, code: error.code };
if (!error && !picture) msg.payload.event = payload;
msg.headers = {};
return msg;
`;

/** A flow with every node of ours, which tells a collector of every message that comes out of them. */
export const nodesFlow = ({ pairingString, collector, gatewayName = "" }: NodesFlowOptions): FlowNode[] => {
  const { tab: z, gateway, ...ids } = nodeIds;
  const gatewayNode = {
    id: gateway,
    type: "gatehouse-gateway",
    name: gatewayName,
    ...(pairingString === undefined ? {} : { credentials: { pairingString } }),
  };
  const node = (id: string, type: string, more: object): FlowNode => ({
    id,
    type,
    z,
    name: "",
    x: 100,
    y: 100,
    ...more,
  });
  const toReport = { wires: [[ids.report]] };
  return [
    { id: z, type: "tab", label: "Nodes" },
    ...(pairingString === null ? [] : [gatewayNode]),
    node(ids.everything, "gatehouse-event", { gateway, camera: "", motion: "both", states: true, ...toReport }),
    node(ids.gardenEnds, "gatehouse-event", { gateway, camera: "Garden", motion: "end", wires: [[ids.mark]] }),
    node(ids.mark, "change", { rules: [{ t: "set", p: "kept", pt: "msg", to: "garden", tot: "str" }], ...toReport }),
    node(ids.take, "inject", { props: [], repeat: "", once: false, topic: "", wires: [[ids.snapshot]] }),
    node(ids.snapshot, "gatehouse-snapshot", { gateway, camera: "Front door", width: "", ...toReport }),
    node(ids.caught, "catch", { scope: [ids.snapshot], uncaught: false, ...toReport }),
    node(ids.report, "function", { func: reportCode, outputs: 1, libs: [], wires: [[ids.send]] }),
    node(ids.send, "http request", { method: "POST", ret: "txt", paytoqs: "ignore", url: collector, wires: [[]] }),
  ];
};

/** A message as it came out of one of our nodes. */
export interface Report {
  /** Its place among all messages. */
  readonly sequence: number;
  readonly topic?: string;
  readonly camera?: string;
  readonly contentType?: string;
  readonly capturedAt?: number;
  readonly kept?: string;
  /** The picture's bytes, where they are text. */
  readonly picture?: string;
  readonly event?: Event & { readonly name: string };
  readonly error?: { readonly message: string; readonly code: string };
}

export const reportsIn = (collector: Collector): Report[] =>
  collector.received.map(({ payload }) => payload as unknown as Report).sort((a, b) => a.sequence - b.sequence);

/**
 * Every report, as soon as there are so many and none between them is missing: each comes by a connection of its own, so that they overtake each
 * other on their way here.
 */
export const everyReport = async (collector: Collector, count: number): Promise<Report[]> => {
  await collector.find(() => {
    const numbers = reportsIn(collector).map(({ sequence }) => sequence);
    return numbers.length >= count && numbers.at(-1)! - numbers[0]! + 1 === numbers.length;
  });
  return reportsIn(collector);
};

/** The first report that matches, there or to come. */
export const findReport = async (collector: Collector, matches: (report: Report) => boolean): Promise<Report> => {
  const { payload } = await collector.find(({ payload: report }) => matches(report as unknown as Report));
  return payload as unknown as Report;
};
