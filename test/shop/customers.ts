import { setTimeout as pause } from "node:timers/promises";

/** People who buy until they have what they came for: they press the button again, with the same key, until they are answered. */
export interface Purchase {
  /** The idempotency key. */
  readonly key: string;
  readonly customer: string;
  readonly item: string;
  readonly count: number;
}

/** How many there are. */
export const customers = 20;

/** Some can pay, some cannot, and of medlars there are not enough. */
export function purchase(number: number): Purchase {
  const item = (["pear", "quince", "medlar"] as const)[number % 3] ?? "pear";
  return {
    key: `order-${number}`,
    customer: `customer-${number % customers}`,
    item,
    count: 1 + (number % 7),
  };
}

/** What everybody has paid in: customer 0 hardly anything, the others more than they spend on all that is ever bought here. */
export function depositOf(customer: number): number {
  return customer === 0 ? 1_000 : 10_000_000;
}

/** Everybody pays in what they have. */
export async function payIn(url: string): Promise<void> {
  for (let customer = 0; customer < customers; customer += 1)
    await insist(`${url}/web/accounts/customer-${customer}/deposits`, `deposit-${customer}`, {
      cents: depositOf(customer),
    });
}

/** Asks until it is answered; what was answered. */
export async function insist(url: string, key: string, body: object): Promise<Record<string, unknown>> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const answered = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    }).catch((error: Error) => error);
    const content = answered instanceof Error ? answered.message : await answered.text().catch(String);
    if (!(answered instanceof Error) && answered.ok) return JSON.parse(content) as Record<string, unknown>;
    const mayPass = answered instanceof Error || answered.status >= 500 || answered.status === 409;
    if (!mayPass || performance.now() > deadline) throw new Error(`${key} at ${url}: ${content}`);
    await pause(50);
  }
}

/** Keeps so many at once under way. Calls `done` after each. */
export async function shopping(
  url: string,
  purchases: readonly Purchase[],
  { atOnce, done }: { readonly atOnce: number; readonly done: (count: number, tookMs: number) => void },
): Promise<ReadonlyMap<string, Purchase>> {
  const placed = new Map<string, Purchase>();
  const waiting = [...purchases];
  const buyer = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { key, ...order } = next;
      const asked = performance.now();
      const { id } = await insist(`${url}/web/orders`, key, order);
      placed.set(String(id), next);
      done(placed.size, performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, buyer));
  return placed;
}

const patienceMs = 60_000;
