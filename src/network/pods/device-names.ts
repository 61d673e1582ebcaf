import type { NetworkConfig } from "../network.ts";

/** Names of the machine's ends of pods' links. */
export interface DeviceNames {
  /** Four characters that all links of this cluster start with, and no other cluster's. */
  readonly prefix: string;
  /** Stable for the pod, unique on the machine, 15 characters: as long as a device's name may be. */
  of(podId: string): string;
}

export function deviceNames(config: Pick<NetworkConfig, "bridge">): DeviceNames {
  const prefix = `v${hash(config.bridge).slice(-3)}`;
  return { prefix, of: (podId) => `${prefix}${hash(podId).slice(-11)}` };
}

/** FNV-1a, 64 bits, in base 36. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (const character of text) {
    value = ((value ^ BigInt(character.charCodeAt(0))) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return value.toString(36).padStart(13, "0");
}
