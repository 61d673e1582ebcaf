import type { Clock, Logger } from "#base";

/**
 * Listens as soon as the address is on the machine. After a reboot programs start in any order: the cluster's device is
 * made by the agent, other addresses come when the network is up. Throws what `listen` threw when it is about something
 * else, or when the address has not come in a minute: the supervisor then starts the program anew.
 */
export async function whenAddressIsThere<Value>(
  { clock, logger, signal }: { clock: Clock; logger: Logger; signal: AbortSignal },
  listen: () => Promise<Value>,
): Promise<Value> {
  const deadline = clock.monotonicMs() + waitMs;
  for (let tries = 0; ; tries += 1) {
    try {
      return await listen();
    } catch (error) {
      if (!isAddressMissing(error) || clock.monotonicMs() > deadline) throw error;
      if (tries === 0) logger.info("an address to listen on is not on this machine yet");
      // No event tells Node of an address; this lasts a moment after a boot.
      await clock.sleep(pauseMs, signal);
    }
  }
}

const waitMs = 60_000;
const pauseMs = 50;

function isAddressMissing(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as NodeJS.ErrnoException).code === "EADDRNOTAVAIL") return true;
  }
  return false;
}
