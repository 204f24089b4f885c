import { GatehouseError } from "@gatehouse/shared";
import { isIPv4 } from "node:net";

export interface Isolation {
  /** Of this box, where the cameras' network is: `eth1`. */
  readonly interface: string;
  /** This box's IPv4 address there. */
  readonly gateway: string;
  /** The cameras' addresses, for who reads it; the rules hold for whatever else is there, too. */
  readonly cameras: readonly { readonly name: string; readonly host: string }[];
  /** Whether this box gives the cameras their addresses, by DHCP. */
  readonly dhcp?: boolean;
}

/** What the rules are kept under: nothing else of the box's is touched. */
export const isolationTable = "gatehouse_cameras";

/** What is remembered of what cameras tried, and for how long. */
const mostTries = 4_096;
const remembered = "7d";

/**
 * Rules of nftables for a box that routes the cameras' network. From there nobody gets anywhere but to the gateway's answers, its time and, if asked for,
 * its DHCP; and nobody but this box gets there, by IPv4 or IPv6. What cameras try is counted, by whom and where to. Loading them again replaces them.
 * Nobody loads them but the owner.
 * @throws GatehouseError `request-invalid` for a name that no interface has, or an address that is none
 */
export const rulesetFor = ({ interface: name, gateway, cameras, dhcp = true }: Isolation): string => {
  if (!/^[\w.-]{1,15}$/.test(name)) {
    throw new GatehouseError(
      "request-invalid",
      "interface: a network interface's name has up to 15 signs of A-Z a-z 0-9 _ . -",
    );
  }
  if (!isIPv4(gateway))
    throw new GatehouseError("request-invalid", "gateway: this box's IPv4 address in the cameras' network");
  return `#!/usr/sbin/nft -f
# Gatehouse: the cameras behind ${name} speak to this box (${gateway}) alone.
# Load:     nft -f FILE       (to have it at each start: include it in /etc/nftables.conf)
# Look:     nft list table inet ${isolationTable}
# Take off: nft delete table inet ${isolationTable}
${cameras.map((camera) => `#   ${plain(camera.host)}  ${plain(camera.name)}\n`).join("")}
table inet ${isolationTable} {}
delete table inet ${isolationTable}
table inet ${isolationTable} {
  # What cameras tried and did not get: from, to, protocol, port.
  set tried {
    type ipv4_addr . ipv4_addr . inet_proto . inet_service
    size ${mostTries}
    flags dynamic,timeout
    timeout ${remembered}
    counter
  }
  set tried6 {
    type ipv6_addr . ipv6_addr . inet_proto . inet_service
    size ${mostTries}
    flags dynamic,timeout
    timeout ${remembered}
    counter
  }
  counter refused {}
  counter strangers {}

  chain refuse {
    fib daddr type { multicast, broadcast } drop
    meta nfproto ipv4 meta l4proto { tcp, udp } update @tried { ip saddr . ip daddr . meta l4proto . th dport }
    meta nfproto ipv6 meta l4proto { tcp, udp } update @tried6 { ip6 saddr . ip6 daddr . meta l4proto . th dport }
    counter name refused drop
  }
  chain to_this_box {
    type filter hook input priority filter - 10; policy accept;
    iifname != "${name}" accept
    ct state established,related accept
    # Answers to a question that was put to all cameras: WS-Discovery.
    ip daddr ${gateway} udp sport 3702 udp dport >= 1024 accept
    # The time.
    ip daddr ${gateway} udp dport 123 accept
${dhcp ? "    # Addresses.\n    udp sport 68 udp dport 67 accept\n" : ""}    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    goto refuse
  }
  chain through_this_box {
    type filter hook forward priority filter - 10; policy accept;
    iifname "${name}" goto refuse
    oifname "${name}" counter name strangers drop
  }
}
`;
};

/** Of somebody's text what can stand in a comment: one line of it. */
const plain = (text: string): string =>
  text
    .replace(/[\s\p{C}]+/gu, " ")
    .trim()
    .slice(0, 64);
