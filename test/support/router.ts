import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import type { NetworkNamespace } from "./network-namespace.ts";

export interface RouterOptions {
  readonly internet: NetworkNamespace;
  /** The router's own network, with nothing in it yet. */
  readonly within: NetworkNamespace;
  /** Who is behind it, on its `eth0`. */
  readonly inside: NetworkNamespace;
  /** Its own addresses, both in networks of 256. */
  readonly lan: string;
  readonly wan: string;
  /** Of its wire, at the internet's end. */
  readonly name: string;
  readonly mapping?: PortMappingOptions;
}

/** How it deals with those who ask for mappings. */
export interface PortMappingOptions {
  /** Whether a device may ask for others than itself, and take others' away. */
  readonly secure?: boolean;
  /** The version of UPnP's Internet Gateway Device that it says it is. */
  readonly igd?: 1 | 2;
}

/** What the router saw so far. */
export interface RouterCounts {
  /** Connections that somebody outside began, and whatever else came unasked. */
  readonly inbound: number;
  /** Packets from inside to UDP 1900: UPnP begins with them. */
  readonly ssdp: number;
  /** Packets from inside to UDP 5350 or 5351 (RFC 6886 3, RFC 6887 19), by the version in their first byte. */
  readonly natPmp: number;
  readonly pcp: number;
  /** All of those. */
  readonly mapping: number;
  /** TCP connections from inside to the router itself, which UPnP's control is. */
  readonly control: number;
}
const counters = ["inbound", "ssdp", "natPmp", "pcp", "mapping", "control"] as const;

const rules = `
table inet router {
  ${counters.map((name) => `counter ${name} {}`).join("\n  ")}
  chain watch {
    type filter hook prerouting priority mangle; policy accept;
    iifname wan ct state new counter name inbound
    # What it says to everybody inside comes back to itself.
    iifname lan fib saddr type local return
    iifname lan udp dport 1900 counter name ssdp
    iifname lan udp dport { 5350, 5351 } counter name mapping
    iifname lan udp dport { 5350, 5351 } @th,64,8 0 counter name natPmp
    iifname lan udp dport { 5350, 5351 } @th,64,8 2 counter name pcp
    iifname lan tcp flags & (syn | ack) == syn fib daddr type local counter name control
  }
}
table inet filter {
  chain input {
    type filter hook input priority filter; policy accept;
    iifname wan ct state new drop
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname lan accept
    jump miniupnpd
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    jump prerouting_miniupnpd
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    jump postrouting_miniupnpd
    oifname wan masquerade
  }
  chain miniupnpd {}
  chain prerouting_miniupnpd {}
  chain postrouting_miniupnpd {}
}`;

/**
 * What a router does out of the box for whoever inside asks it, by UPnP, NAT-PMP or PCP. It would refuse to where its own address is none of
 * the internet, as those of documentation are, so it is told that it has another.
 */
const portMapping = (folder: string, { secure = true, igd = 2 }: PortMappingOptions): string => `
ext_ifname=wan
ext_ip=9.9.9.9
listening_ip=lan
http_port=5000
enable_upnp=yes
enable_natpmp=yes
secure_mode=${secure ? "yes" : "no"}
force_igd_desc_v1=${igd === 1 ? "yes" : "no"}
lease_file=${folder}/leases
uuid=7d8c0c29-8b9a-4f3c-9f0e-6a2f0c5b1e44
allow 1024-65535 0.0.0.0/0 1024-65535
`;

/** A router as homes have them, which counts who asks it to let strangers in, and would. */
export class Router implements AsyncDisposable {
  readonly #within: NetworkNamespace;
  readonly #resources: AsyncDisposableStack;

  private constructor(within: NetworkNamespace, resources: AsyncDisposableStack) {
    this.#within = within;
    this.#resources = resources;
  }

  static async open({ internet, within, inside, lan, wan, name, mapping = {} }: RouterOptions): Promise<Router> {
    await using opening = new AsyncDisposableStack();
    const gateway = wan.replace(/\d+$/, "1");
    await internet.run(`
      ip link add ${name} type veth peer name wan netns ${within.pid}
      ip address add ${gateway}/24 dev ${name}
      ip link set ${name} up`);
    await within.run(`
      ip address add ${wan}/24 dev wan
      ip link set wan up
      ip route add default via ${gateway}
      ip link add lan type veth peer name eth0 netns ${inside.pid}
      ip address add ${lan}/24 dev lan
      ip link set lan up
      echo 1 >/proc/sys/net/ipv4/ip_forward
      nft -f - <<'rules'\n${rules}\nrules`);
    await inside.run("ip link set eth0 up");
    const folder = opening.adopt(await mkdtemp(join(tmpdir(), "gatehouse-router-")), (path) =>
      rm(path, { recursive: true, force: true }),
    );
    opening.adopt(await serveMappings(within, folder, mapping), async (daemon) => {
      const gone = once(daemon, "exit");
      if (daemon.kill("SIGKILL")) await gone;
    });
    return new Router(within, opening.move());
  }

  async counts(): Promise<RouterCounts> {
    const list = JSON.parse(await this.#within.run("nft --json list counters table inet router")) as {
      readonly nftables: readonly { readonly counter?: { readonly name: string; readonly packets: number } }[];
    };
    const found = list.nftables.flatMap(({ counter }) => counter ?? []);
    const entries = counters.map((name) => [name, found.find((each) => each.name === name)?.packets ?? NaN]);
    return Object.fromEntries(entries) as Record<(typeof counters)[number], number>;
  }

  /** Ports that lead from the internet to somebody inside, as `outside -> inside`. */
  async mappings(): Promise<readonly string[]> {
    const rules = await this.#within.run("nft list chain inet filter prerouting_miniupnpd");
    return [...rules.matchAll(/dport (\d+) .*dnat (?:ip )?to ([\d.:]+)/g)].map(
      ([, outside, to]) => `${outside} -> ${to}`,
    );
  }

  /** A forwarding that its owner made by hand, which no list tells of. It is looped back to those inside who go round by the address outside. */
  async forward(outside: { readonly address: string; readonly port: number }, to: string): Promise<void> {
    const [host = ""] = to.split(":");
    await this.#within.run(`
      nft add rule inet filter prerouting ip daddr ${outside.address} tcp dport ${outside.port} dnat ip to ${to}
      nft add rule inet filter postrouting iifname lan oifname lan ip daddr ${host} masquerade`);
  }

  /** Nothing comes back from there, as from a router that does not loop back. */
  async swallow({ address, port }: { readonly address: string; readonly port: number }): Promise<void> {
    await this.#within.run(`nft add rule inet filter prerouting ip daddr ${address} tcp dport ${port} drop`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources.disposeAsync();
  }
}

/** miniupnpd, once it answers. */
const serveMappings = async (
  within: NetworkNamespace,
  folder: string,
  mapping: PortMappingOptions,
): Promise<ChildProcess> => {
  const config = join(folder, "miniupnpd.conf");
  await writeFile(config, portMapping(folder, mapping));
  const run = ["/usr/sbin/miniupnpd", "-d", "-f", config, "-P", join(folder, "pid")];
  const [program, ...args] = [...within.within, ...run];
  const daemon = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  const said: string[] = [];
  const ready = Promise.withResolvers<unknown>();
  daemon.once("close", () => ready.reject(new Error(`miniupnpd ended: ${said.join("\n")}`)));
  createInterface(daemon.stderr).on("line", (line) => {
    said.splice(0, said.length - 20);
    said.push(line);
    if (line.includes("listening on port")) ready.resolve(line);
  });
  await ready.promise;
  return daemon;
};
