import type { Clock, Logger, Random } from "#base";
import type { Access } from "../auth/mod.ts";
import { AddressSet, answer, type Handlers, problem } from "../http/mod.ts";
import { Directory, type DirectoryOptions } from "./directory.ts";
import { limits } from "./limits.ts";
import { registryRoutes } from "./registry-routes.ts";

export interface RegistryServerOptions extends Omit<DirectoryOptions, "clock" | "random"> {
  /**
   * Who may register. Whoever does makes the registry ask an address, and clients trust it. Absent: this machine alone, by its loopback address, unless the
   * registry is `open`.
   */
  readonly access?: Access;
  /** Everybody who reaches the registry may register: for a network in which everybody is trusted. */
  readonly open?: boolean;
  /** How long nothing is said after a start. */
  readonly learnMs?: number;
}

/** What handlers of a registry need of their service. */
interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  closeAtEnd(close: () => unknown): void;
}

type RegistryHandlers = Handlers<ReturnType<typeof registryRoutes>>;

/** The parts of a service that is a registry: `service({ name: "registry", version: "1.0.0", ...registryServer({ open: true }) })`. */
export function registryServer({
  access,
  open = false,
  learnMs = limits.learnMs,
  ...directoryOptions
}: RegistryServerOptions = {}) {
  return {
    routes: registryRoutes(access),
    // Each client waits for news of each service that it calls, and an open question costs next to nothing.
    admission: { maxInFlight: limits.questions },
    handlers({ clock, random, logger, closeAtEnd }: Surroundings): RegistryHandlers {
      const directory = new Directory({ ...directoryOptions, clock, random });
      closeAtEnd(() => directory.close());
      const isGuarded = access !== undefined || open;
      if (!isGuarded) logger.warn(`only this machine may register: ${howToAllow}`);
      const mayRegister = isGuarded ? () => {} : refuseStrangers;
      return registryHandlers(directory, { clock, speaksAtMs: clock.monotonicMs() + learnMs, mayRegister });
    },
  };
}

const howToAllow = "say who else may by registryServer({ access }), or that everybody may by { open: true }";
const loopback = new AddressSet(["127.0.0.0/8", "::1"]);

function refuseStrangers(callerAddress: string): void {
  if (!loopback.has(callerAddress))
    throw problem(403, `only programs on the registry's own machine may register: ${howToAllow}`);
}

interface Behaviour {
  readonly clock: Clock;
  readonly speaksAtMs: number;
  readonly mayRegister: (callerAddress: string) => void;
}

function registryHandlers(
  directory: Directory,
  { clock, speaksAtMs, mayRegister }: Behaviour,
): RegistryHandlers {
  return {
    async list({ params: { service }, query: { after }, signal }) {
      if (clock.monotonicMs() < speaksAtMs)
        throw problem(503, "the registry has just started and does not know yet who is there", {
          headers: { "retry-after": "1" },
        });
      const enough = new AbortController();
      const timer = clock.setTimer(limits.questionMs, () => enough.abort());
      const either = AbortSignal.any([signal, enough.signal]);
      const { version, instances } = await directory.listAfter(service, after, either);
      timer.cancel();
      return { version, instances: [...instances] };
    },
    register({ params: { service, id }, body, callerAddress }) {
      mayRegister(callerAddress);
      directory.put(service, { id, ...body });
      return answer(204);
    },
    deregister({ params: { service, id }, callerAddress }) {
      mayRegister(callerAddress);
      directory.remove(service, id);
      return answer(204);
    },
  };
}
