/** Randomness as a parameter: the same seed gives the same run. */
export interface Random {
  /** A uniform integer in [0, 2^32). */
  uint32(): number;
  /** A uniform number in [0, 1). */
  float(): number;
  /** An RFC 9562 version 4 UUID. */
  uuid(): string;
  /** `length` random bytes. Only `systemRandom` is fit for keys and tokens. */
  bytes(length: number): Uint8Array;
}

/** The machine's cryptographically secure source. */
export const systemRandom: Random = {
  uint32() {
    if (drawn === pool.length) {
      crypto.getRandomValues(pool);
      drawn = 0;
    }
    const value = pool[drawn] as number;
    pool[drawn++] = 0;
    return value;
  },
  float: () => systemRandom.uint32() / 0x1_0000_0000,
  uuid: () => crypto.randomUUID(),
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

/** Asking the machine costs the same for one number as for many. What was handed out is forgotten here. */
const pool = new Uint32Array(1024);
let drawn = pool.length;

/** A reproducible source (mulberry32). For simulation and tests, never for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const uint32 = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const bytes = (length: number) => {
    const drawn = new Uint8Array(length);
    for (let at = 0; at < length; at += 1) drawn[at] = uint32();
    return drawn;
  };
  return { uint32, float: () => uint32() / 0x1_0000_0000, uuid: () => uuidFrom(bytes(16)), bytes };
}

const nameAlphabet = "bcdfghjklmnpqrstvwxz2456789";

/** A suffix for `generateName`: no vowels and no look-alikes, as Kubernetes makes them. */
export function nameSuffix(random: Random, length = 5): string {
  let suffix = "";
  while (suffix.length < length) suffix += nameAlphabet[random.uint32() % nameAlphabet.length];
  return suffix;
}

const hexOfBytes: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, "0"),
);

function uuidFrom(bytes: Uint8Array): string {
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  let hex = "";
  for (const byte of bytes) hex += hexOfBytes[byte];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
