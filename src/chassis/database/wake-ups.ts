import type { Clock } from "#base";
import type { Session } from "./database.ts";

export interface WakeUps {
  /**
   * Resolves when something was announced since it was last called, at the latest after `atMostMs` or when `signal` is
   * aborted; rejects when the session is lost, for then announcements are, too.
   */
  next(atMostMs: number, signal: AbortSignal): Promise<void>;
}

/** Listens to a channel. What is announced while nobody waits is not forgotten. */
export async function wakeUps(session: Session, channel: string, clock: Clock): Promise<WakeUps> {
  let announced = false;
  let wake: () => void = () => {};
  session.onNotification(() => {
    announced = true;
    wake();
  });
  session.lost.addEventListener("abort", () => wake());
  await session.query(`listen ${channel}`);
  return {
    async next(atMostMs, signal) {
      if (!announced && !session.lost.aborted && !signal.aborted) {
        const woken = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const timer = clock.setTimer(atMostMs, wake);
        signal.addEventListener("abort", wake);
        await woken;
        timer.cancel();
        signal.removeEventListener("abort", wake);
      }
      announced = false;
      session.lost.throwIfAborted();
    },
  };
}
