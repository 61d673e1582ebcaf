import type { Access } from "../auth/mod.ts";
import { del, get, put, type Route, t } from "../http/mod.ts";
import { limits } from "./limits.ts";

const instance = {
  url: t.string({ pattern: "^https?://", maxLength: limits.urlCharacters }),
  zone: t.optional(t.string({ maxLength: 100 })),
  weight: t.optional(t.number({ minimum: 0 })),
};
const listing = t.object({
  version: t.string(),
  instances: t.array(t.object({ id: t.string(), ...instance })),
});
const params = t.object({ service: t.string({ maxLength: 100 }), id: t.string({ maxLength: 200 }) });

/** What a registry of our own answers to. Registrations go first when there is much to do: who waits for news can wait, a lease cannot. */
export function registryRoutes(access?: Access) {
  const registering = { params, priority: "critical", ...(access ? { access } : {}) } as const;
  return {
    list: get("/services/{service}", {
      query: t.object({ after: t.optional(t.string()) }),
      answers: { 200: listing },
      timeoutMs: limits.questionMs + 10_000,
    }),
    register: put("/services/{service}/{id}", {
      body: t.object({
        ...instance,
        healthPath: t.optional(t.string({ pattern: "^/", maxLength: limits.urlCharacters })),
      }),
      answers: { 204: null },
      ...registering,
    }),
    deregister: del("/services/{service}/{id}", { answers: { 204: null }, ...registering }),
  } satisfies Record<string, Route>;
}
