import type { Clock } from "#base";
import type { Access } from "../auth/mod.ts";
import { answer, del, get, type Handlers, problem, put, type Route, t } from "../http/mod.ts";
import type { Directory } from "./directory.ts";
import { limits } from "./limits.ts";

const instance = {
  url: t.string({ pattern: "^https?://", maxLength: 2_000 }),
  zone: t.optional(t.string({ maxLength: 100 })),
  weight: t.optional(t.number({ minimum: 0 })),
};
const listing = t.object({
  version: t.string(),
  instances: t.array(t.object({ id: t.string(), ...instance })),
});

/**
 * What a registry of our own answers to. Whoever may register makes the registry ask an address, and clients trust it: say by `access` who that is, wherever not everybody
 * on the network is to be trusted.
 */
export function registryRoutes(access?: Access) {
  const guarded = access ? { access } : {};
  return {
    list: get("/services/{service}", {
      query: t.object({ after: t.optional(t.string()) }),
      answers: { 200: listing },
      timeoutMs: limits.questionMs + 10_000,
    }),
    register: put("/services/{service}/{id}", {
      body: t.object({ ...instance, healthPath: t.optional(t.string({ pattern: "^/" })) }),
      answers: { 204: null },
      ...guarded,
    }),
    deregister: del("/services/{service}/{id}", { answers: { 204: null }, ...guarded }),
  } satisfies Record<string, Route>;
}

export interface RegistryHandlersOptions {
  readonly directory: Directory;
  readonly clock: Clock;
  /** How long nothing is said after a start. */
  readonly learnMs?: number;
}

export function registryHandlers({
  directory,
  clock,
  learnMs = limits.learnMs,
}: RegistryHandlersOptions): Handlers<ReturnType<typeof registryRoutes>> {
  const speaksAtMs = clock.monotonicMs() + learnMs;
  return {
    async list({ params: { service }, query: { after }, signal }) {
      if (clock.monotonicMs() < speaksAtMs)
        throw problem(503, "the registry has just started and does not know yet who is there", {
          headers: { "retry-after": "1" },
        });
      const enough = new AbortController();
      const timer = clock.setTimer(limits.questionMs, () => enough.abort());
      const { version, instances } = await directory.listAfter(
        service,
        after,
        AbortSignal.any([signal, enough.signal]),
      );
      timer.cancel();
      return { version, instances: [...instances] };
    },
    register({ params: { service, id }, body }) {
      directory.put(service, { id, ...body });
      return answer(204);
    },
    deregister({ params: { service, id } }) {
      directory.remove(service, id);
      return answer(204);
    },
  };
}
