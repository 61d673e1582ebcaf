import type { Pod } from "#api";

/** How names are resolved in the cluster. */
export interface DnsConfig {
  /** Address of the cluster's DNS service: `10.96.0.10`. */
  readonly address: string;
  /** `cluster.local`. */
  readonly domain: string;
}

/** The limits of resolvers, as the API's validation has them. */
const maximumNameservers = 3;
const maximumSearches = 32;

/** The container's `/etc/hosts`. Pure. */
export function hostsFile(pod: Pod, hostname: string, domain: string, addresses: readonly string[]): string {
  const { subdomain, hostAliases } = pod.spec ?? {};
  const lines = [
    "# Kubernetes-managed hosts file.",
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "fe00::0\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
  ];
  const full = subdomain ? `${hostname}.${subdomain}.${pod.metadata?.namespace}.svc.${domain}\t` : "";
  for (const address of addresses) lines.push(`${address}\t${full}${hostname}`);
  return `${lines.join("\n")}\n${aliasLines(hostAliases)}`;
}

/** For a pod on the host's network: the host's own file, and the aliases. Pure. */
export function hostNetworkHostsFile(pod: Pod, own: string): string {
  return `# Kubernetes-managed hosts file (host network).\n${own}${aliasLines(pod.spec?.hostAliases)}`;
}

function aliasLines(aliases: NonNullable<Pod["spec"]>["hostAliases"]): string {
  if (!aliases || aliases.length === 0) return "";
  const lines = aliases.map((alias) => `${alias.ip}\t${(alias.hostnames ?? []).join("\t")}`);
  return `\n# Entries added by HostAliases.\n${lines.join("\n")}\n`;
}

/** The container's `/etc/resolv.conf`, by `dnsPolicy` and `dnsConfig`. `own` is the host's file. Pure. */
export function resolvConf(pod: Pod, dns: DnsConfig, own: string): string {
  const { dnsConfig } = pod.spec ?? {};
  const base = baseResolver(pod, dns, own);
  const nameservers = unique([...base.nameservers, ...(dnsConfig?.nameservers ?? [])]).slice(
    0,
    maximumNameservers,
  );
  const searches = unique([...base.searches, ...(dnsConfig?.searches ?? [])]).slice(0, maximumSearches);
  const options = new Map(base.options.map((option) => splitOption(option)));
  for (const { name, value } of dnsConfig?.options ?? []) if (name) options.set(name, value);
  const lines = [];
  if (searches.length > 0) lines.push(`search ${searches.join(" ")}`);
  for (const nameserver of nameservers) lines.push(`nameserver ${nameserver}`);
  const words = [...options].map(([name, value]) => (value === undefined ? name : `${name}:${value}`));
  if (words.length > 0) lines.push(`options ${words.join(" ")}`);
  return `${lines.join("\n")}\n`;
}

interface Resolver {
  readonly nameservers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

function baseResolver(pod: Pod, dns: DnsConfig, own: string): Resolver {
  const { dnsPolicy = "ClusterFirst", hostNetwork } = pod.spec ?? {};
  if (dnsPolicy === "None") return { nameservers: [], searches: [], options: [] };
  const host = parseResolvConf(own);
  if (dnsPolicy === "Default" || (dnsPolicy === "ClusterFirst" && hostNetwork)) return host;
  const namespace = pod.metadata?.namespace ?? "default";
  const searches = [`${namespace}.svc.${dns.domain}`, `svc.${dns.domain}`, dns.domain, ...host.searches];
  return { nameservers: [dns.address], searches, options: ["ndots:5"] };
}

function parseResolvConf(text: string): Resolver {
  const nameservers: string[] = [];
  const options: string[] = [];
  let searches: string[] = [];
  for (const line of text.split("\n")) {
    const [word, ...rest] = line.trim().split(/\s+/);
    if (word === "nameserver" && rest[0]) nameservers.push(rest[0]);
    else if (word === "search") searches = rest.filter((domain) => domain !== ".");
    else if (word === "options") options.push(...rest);
  }
  return { nameservers, searches, options };
}

/** Whether a resolv.conf is of no use in a pod: its servers answer on the machine's own loopback only. Pure. */
export function namesOnlyLoopback(text: string): boolean {
  const { nameservers } = parseResolvConf(text);
  return (
    nameservers.length > 0 && nameservers.every((server) => server.startsWith("127.") || server === "::1")
  );
}

function splitOption(option: string): [string, string | undefined] {
  const colon = option.indexOf(":");
  return colon < 0 ? [option, undefined] : [option.slice(0, colon), option.slice(colon + 1)];
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}
