import { constants } from "node:os";

/** The number of a signal: `SIGTERM`, `TERM`, `15`, `SIGRTMIN+3`. Undefined when there is none. */
export function signalNumber(name: string): number | undefined {
  if (/^\d+$/.test(name)) {
    const number = Number(name);
    return number >= 1 && number <= 64 ? number : undefined;
  }
  const full = name.toUpperCase().startsWith("SIG") ? name.toUpperCase() : `SIG${name.toUpperCase()}`;
  const realTime = /^SIGRT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(full);
  if (realTime) {
    // glibc keeps the first two of the kernel's real-time signals (32, 33) for itself.
    const base = realTime[1] === "MIN" ? 34 : 64;
    const number = base + Number(`${realTime[2] ?? "+"}${realTime[3] ?? 0}`);
    return number >= 34 && number <= 64 ? number : undefined;
  }
  return constants.signals[full as NodeJS.Signals];
}
