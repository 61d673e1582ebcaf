import type { Pod } from "#api";
import { pods } from "#api";
import { encode, keyOf } from "#apiserver";
import type { Store } from "#store";
import { answering } from "./answering.ts";
import type { PlantedBug } from "./planted.ts";

/** A pod that has a node is given another, by a scheduler that does not know: its word came late, or another's before it. */
export const doubleBind: PlantedBug = {
  name: "double-bind",
  sentence: "a pod is bound twice after a leader change",
  ports: () => ({
    serverPort: (server, store) =>
      answering(server, async (request, inner) => {
        const [, namespace = "", name = ""] =
          /\/namespaces\/([^/]+)\/pods\/([^/]+)\/binding/.exec(request.path) ?? [];
        const response = await inner.request(request);
        if (name === "" || response.status !== 409 || !request.body) return response;
        const { target } = JSON.parse(Buffer.from(request.body).toString());
        await rebind(store, keyOf(pods, name, namespace), target.name);
        return response;
      }),
  }),
};

async function rebind(store: Store, key: string, nodeName: string): Promise<void> {
  const entry = store.get(key);
  if (!entry) return;
  const pod = JSON.parse(Buffer.from(entry.value).toString()) as Pod;
  // The same word once more does no harm: its answer was lost, and it was said again.
  if (pod.spec?.nodeName === nodeName) return;
  const moved = { ...pod, spec: { containers: [], ...pod.spec, nodeName } };
  const provenance = { user: "system:kube-scheduler", verb: "create", requestId: "planted", at: 0 };
  await store.commit({
    preconditions: [],
    operations: [{ type: "put", key, value: encode(moved) }],
    provenance,
  });
}
