import type { ObservedTraffic } from "./observed-traffic.ts";

/** What is set up in a camera, as it tells; undefined where it does not. */
export interface ConfiguredWay {
  /** Its routers and name servers. */
  readonly routers: readonly string[] | undefined;
  readonly nameServers: readonly string[] | undefined;
}

export interface IsolationFacts {
  /** All addresses of the camera that are known. */
  readonly hosts: readonly string[];
  readonly configured: ConfiguredWay;
  /** Undefined where nobody was on the way to see: a box at the side of the network sees nothing of what others send each other. */
  readonly observed: ObservedTraffic | undefined;
  /** This box's own addresses: what leads there leads no further. */
  readonly own: readonly string[];
}

/** Two things that are not the same, and are never mixed: what a camera is set up to do, and what it was seen doing. */
export interface IsolationReport {
  readonly configured: { readonly kind: "closed" | "open" | "unknown"; readonly words: string };
  readonly observed: { readonly kind: "quiet" | "tried" | "unknown"; readonly words: readonly string[] };
}

export const judgeIsolation = ({ hosts, configured, observed, own }: IsolationFacts): IsolationReport => ({
  configured: judgeConfigured(configured, [...own, ...hosts]),
  observed: judgeObserved(hosts, observed),
});

const judgeConfigured = (
  { routers, nameServers }: ConfiguredWay,
  inside: readonly string[],
): IsolationReport["configured"] => {
  if (routers === undefined) return { kind: "unknown", words: "Configured: it does not tell which way it goes." };
  const ways = routers.filter((address) => !inside.includes(address) && address !== "0.0.0.0" && address !== "::");
  if (ways.length === 0) return { kind: "closed", words: "Configured: no way out of its own network is set up in it." };
  const names = (nameServers ?? []).filter((address) => !inside.includes(address)).slice(0, 8);
  const asking = names.length === 0 ? "" : `, and it looks names up at ${names.join(", ")}`;
  return { kind: "open", words: `Configured: its router is ${ways.slice(0, 8).join(", ")}${asking}.` };
};

const mostWords = 8;

const judgeObserved = (
  hosts: readonly string[],
  observed: ObservedTraffic | undefined,
): IsolationReport["observed"] => {
  if (observed === undefined) {
    return {
      kind: "unknown",
      words: ["Observed: nothing; this box does not route the camera's network, or may not look."],
    };
  }
  const tries = observed.tries.filter(({ from }) => hosts.includes(from));
  if (tries.length === 0) return { kind: "quiet", words: ["Observed: it tried to reach nobody but this box."] };
  const told = tries.slice(0, mostWords).map(({ to, protocol, port, packets }) => {
    const times = packets === 1 ? "once" : `${packets} times`;
    return `Observed: it tried ${to}, ${protocol.toUpperCase()} port ${port}, ${times}, and did not get there.`;
  });
  const more = tries.length - told.length;
  return { kind: "tried", words: more > 0 ? [...told, `Observed: and ${more} more.`] : told };
};
