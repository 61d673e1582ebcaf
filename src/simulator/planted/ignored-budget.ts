import { answering } from "./answering.ts";
import type { PlantedBug } from "./planted.ts";

/** An eviction deletes its pod, whatever its budget says. */
export const ignoredBudget: PlantedBug = {
  name: "ignored-budget",
  sentence: "an eviction ignores the budget",
  ports: () => ({
    serverPort: (server) =>
      answering(server, (request, inner) => {
        if (request.method !== "POST" || !/\/pods\/[^/]+\/eviction/.test(request.path))
          return inner.request(request);
        const { body: _, ...rest } = request;
        return inner.request({ ...rest, method: "DELETE", path: request.path.replace("/eviction", "") });
      }),
  }),
};
