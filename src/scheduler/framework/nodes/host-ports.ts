/** A port of the node that a pod takes for itself; address `0.0.0.0` is all addresses. */
export interface HostPort {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
}

/** Who holds which ports, by node. Most nodes have none taken. */
export class HostPorts {
  readonly #counts: (Map<string, number> | undefined)[] = [];

  /** Whether a pod on the node holds the port. `0.0.0.0` collides with every address. */
  isTaken(node: number, { protocol, address, port }: HostPort): boolean {
    const counts = this.#counts[node];
    if (!counts) return false;
    if (address === anyAddress) return counts.has(`${protocol}/*/${port}`);
    return counts.has(`${protocol}/${address}/${port}`) || counts.has(`${protocol}/${anyAddress}/${port}`);
  }

  take(node: number, ports: readonly HostPort[], sign: 1 | -1): void {
    if (ports.length === 0) return;
    let counts = this.#counts[node];
    if (!counts) {
      counts = new Map();
      this.#counts[node] = counts;
    }
    for (const { protocol, address, port } of ports) {
      count(counts, `${protocol}/${address}/${port}`, sign);
      count(counts, `${protocol}/*/${port}`, sign);
    }
    if (counts.size === 0) this.#counts[node] = undefined;
  }
}

const anyAddress = "0.0.0.0";

function count(counts: Map<string, number>, id: string, sign: 1 | -1): void {
  const left = (counts.get(id) ?? 0) + sign;
  if (left === 0) counts.delete(id);
  else counts.set(id, left);
}
