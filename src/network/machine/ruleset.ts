import { fakePodRange } from "#api";
import { limits } from "../limits.ts";
import type { NetworkConfig } from "../network.ts";
import { deviceNames } from "../pods/device-names.ts";
import { gatewayAddress } from "../ranges.ts";

/** The destination port of the UDP packet that an ICMP error quotes: behind 8 bytes of ICMP, 20 of IPv4 and 2 of UDP. */
const quotedPort = "@th,240,16";

/**
 * Put on a connection's first packet that a pod sends to itself through a service: its way out is the device that it came
 * in by. It must seem to come from the machine, or the pod answers itself past the translation. With the sign bit, which the numbers
 * of connections and slots leave alone.
 */
const hairpinMark = "0xce616372";

/**
 * The cluster's nftables table, without services in it. Applying it again keeps what the maps hold.
 *
 * ```
 * packet ─ prerouting / output ─ service-marks: which ─▶ balance ─▶ lb-N: mark := numgen inc ─▶ dispatch: dnat by both marks
 *                              ├ node-port-marks (only on the local addresses that are open for them) ─▶ balance
 *                              └ host-ports ─▶ dnat
 *        ─ guard-forward / guard-output: what is still addressed to a service matched nothing ─▶ reject; so is what is
 *          addressed to a pod and about to leave by another device, should the range's route be gone
 *        ─ postrouting: masquerade loopback, hairpin, and pods that leave the cluster
 * ```
 *
 * While DNS is started again, the machine does not say that its port is closed: askers would give up on the name at once,
 * where they ask again when they hear nothing.
 *
 * Each lookup sees the table as it is at that moment, and the rules are those of the moment when the packet came. So one that
 * is on its way through while the table changes may have a chain or a number that the other maps know no more. It gets no endpoint and
 * goes through the chains `-again`, which find the table changed; for every other packet they find what was found before: nothing.
 *
 * A rule whose map says nothing goes no further: only packets to services come to be balanced. Their connection's mark says which
 * service port and which chain numbers its connections; the packet's mark is then that number, and one map for all turns both into an
 * address. So the layout is linear in services, and a chain that counts belongs to one port as long as they are few.
 */
export function baseRuleset(config: NetworkConfig): string {
  const { table, serviceRange, clusterPodRange } = config;
  const podDevices = `"${deviceNames(config).prefix}*"`;
  const elsewhere = `oifname != { "lo", "${config.bridge}" } oifname != ${podDevices}`;
  return `
add table ip ${table}
table ip ${table} {
  map service-marks { type ipv4_addr . inet_proto . inet_service : mark; }
  map node-port-marks { type inet_proto . inet_service : mark; }
  map balancers { type mark : verdict; }
  map endpoints { type mark . mark : ipv4_addr . inet_service; }
  map slots { type mark . mark : mark; }
  map affinity { type ipv4_addr . mark : mark; size ${limits.affinities}; flags dynamic, timeout; }
  map host-ports { type inet_proto . inet_service : ipv4_addr . inet_service; }
  set node-port-addresses { type ipv4_addr; flags interval; }
  chain dispatch { }
  chain balance { }
  chain translate { }
  chain prerouting { type nat hook prerouting priority dstnat; policy accept; }
  chain prerouting-again { type nat hook prerouting priority dstnat + 1; policy accept; }
  chain output { type nat hook output priority -100; policy accept; }
  chain output-again { type nat hook output priority -99; policy accept; }
  chain postrouting { type nat hook postrouting priority srcnat; policy accept; }
  chain guard-input { type filter hook input priority filter; policy accept; }
  chain guard-forward { type filter hook forward priority filter; policy accept; }
  chain guard-output { type filter hook output priority filter; policy accept; }
  chain refuse { }
}
${[
  "dispatch",
  "balance",
  "translate",
  "prerouting",
  "prerouting-again",
  "output",
  "output-again",
  "postrouting",
  "guard-input",
  "guard-forward",
  "guard-output",
  "refuse",
]
  .map((chain) => `flush chain ip ${table} ${chain}`)
  .join("\n")}
flush set ip ${table} node-port-addresses
add element ip ${table} node-port-addresses { ${config.nodePortRanges.join(", ")} }
table ip ${table} {
  chain dispatch {
    meta l4proto { tcp, udp, sctp } dnat ip to ct mark . meta mark map @endpoints
  }
  chain balance {
    meta mark set ct mark & ${limits.balancerNumbers - 1}
    ct mark set ct mark & ${limits.marks - limits.balancerNumbers}
    meta mark vmap @balancers
  }
  chain translate {
    ct mark set ip daddr . meta l4proto . th dport map @service-marks goto balance
    fib daddr type local ip daddr @node-port-addresses ct mark set meta l4proto . th dport map @node-port-marks goto balance
    fib daddr type local ip daddr @node-port-addresses meta l4proto { tcp, udp, sctp } dnat ip to meta l4proto . th dport map @host-ports
  }
  chain prerouting {
    meta l4proto { tcp, udp, sctp } goto translate
  }
  chain prerouting-again {
    meta l4proto { tcp, udp, sctp } goto translate
  }
  chain output {
    meta l4proto { tcp, udp, sctp } goto translate
  }
  chain output-again {
    meta l4proto { tcp, udp, sctp } goto translate
  }
  chain postrouting {
    ip saddr 127.0.0.0/8 oifname ${podDevices} snat to ${gatewayAddress(config)}
    meta mark ${hairpinMark} oifname ${podDevices} ct status dnat snat to ${gatewayAddress(config)}
    ip saddr ${clusterPodRange} ip daddr != ${clusterPodRange} oifname != "lo" oifname != ${podDevices} masquerade
  }
  chain guard-input {
    iifname ${podDevices} ip daddr 127.0.0.0/8 ct status & dnat != dnat drop
    ip daddr ${serviceRange} jump refuse
  }
  chain guard-forward {
    ip daddr ${serviceRange} jump refuse
    ip daddr ${clusterPodRange} ${elsewhere} jump refuse
    ip daddr ${fakePodRange} jump refuse
    iifname ${podDevices} ct state new ct status dnat fib daddr . iif oif exists meta mark set ${hairpinMark}
  }
  chain guard-output {
    ip daddr ${serviceRange} jump refuse
    ip daddr ${clusterPodRange} ${elsewhere} jump refuse
    ip daddr ${fakePodRange} jump refuse
    ip daddr ${clusterPodRange} icmp type destination-unreachable icmp code port-unreachable ${quotedPort} 53 drop
  }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmp type port-unreachable
  }
}
`;
}
