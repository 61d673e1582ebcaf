import {
  type Deployment,
  deployments,
  type KubernetesObject,
  namespaces,
  nodes,
  type Pod,
  pods,
  type Resource,
  type StatefulSet,
  statefulSets,
} from "#api";
import { type Clock, isAlreadyExists, isNotFound } from "#base";
import type { Client } from "#client";
import { resourceOf } from "../scenario/manifests.ts";
import type { PlacedObject, ScenarioNode, WorkloadName } from "../scenario/scenario.ts";
import { limits } from "./limits.ts";

/** What people do to a cluster, as they would: through its API. */
export class Actions {
  readonly #client: Client;
  readonly #clock: Clock;

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Makes the namespaces that objects are in and nobody has made. */
  async makeNamespaces(objects: readonly PlacedObject[]): Promise<void> {
    const names = new Set(objects.map(({ object }) => object.metadata?.namespace ?? "default"));
    for (const name of names) {
      await this.#client
        .resource(namespaces)
        .create({ metadata: { name } })
        .catch((error) => {
          if (!isAlreadyExists(error)) throw error;
        });
    }
  }

  async apply(
    object: KubernetesObject,
    how: { readonly dryRun: boolean } = { dryRun: false },
  ): Promise<void> {
    const resource = resourceOf(object) as Resource<KubernetesObject>;
    const options = { fieldManager: "scenario", force: true, dryRun: how.dryRun };
    await this.#client.resource(resource, object.metadata?.namespace).apply(object, options);
  }

  async scale({ kind, namespace, name }: WorkloadName, replicas: number): Promise<void> {
    const resource = (kind === "Deployment" ? deployments : statefulSets) as Resource<
      Deployment | StatefulSet
    >;
    await this.#client
      .resource(resource, namespace)
      .patch(name, { type: "merge", patch: { spec: { replicas } } });
  }

  /** Adds what a scenario says of a node to the node that has registered. */
  async furnish({ shape, taints, isUnschedulable }: ScenarioNode): Promise<void> {
    if (taints.length > 0) {
      const { spec } = await this.#client.resource(nodes).get(shape.name);
      const patch = { spec: { taints: [...(spec?.taints ?? []), ...taints] } };
      await this.#client.resource(nodes).patch(shape.name, { type: "merge", patch });
    }
    if (isUnschedulable) await this.cordon(shape.name, true);
  }

  async cordon(node: string, unschedulable: boolean): Promise<void> {
    const patch = { spec: { unschedulable: unschedulable || null } };
    await this.#client.resource(nodes).patch(node, { type: "merge", patch });
  }

  /** As `kubectl drain`: no new pods, and those there are evicted, as disruption budgets allow. Throws when some are left after a while. */
  async drain(node: string): Promise<void> {
    await this.cordon(node, true);
    for (let round = 0; round < limits.drainRounds; round += 1) {
      const found = await this.#client.resource(pods).list({ fieldSelector: `spec.nodeName=${node}` });
      const left = found.items.filter(isToEvict);
      if (left.length === 0) return;
      for (const pod of left) await this.#evict(pod);
      await this.#clock.sleep(limits.drainPauseMs);
    }
    const minutes = Math.round((limits.drainRounds * limits.drainPauseMs) / 60_000);
    throw new Error(
      `${node} still has pods after ${minutes} minutes: their disruption budgets allow no more evictions`,
    );
  }

  async #evict({ metadata }: Pod): Promise<void> {
    const { name = "", namespace, uid } = metadata ?? {};
    if (metadata?.deletionTimestamp) return;
    const eviction = {
      apiVersion: "policy/v1",
      kind: "Eviction",
      metadata: { name },
      deleteOptions: { preconditions: { uid } },
    };
    await this.#client
      .resource(pods, namespace)
      .postSubresource(name, "eviction", eviction)
      .catch((error) => {
        // A budget that has nothing left answers 429; the next round tries again.
        if (!isNotFound(error) && (error as { code?: number }).code !== 429) throw error;
      });
  }
}

function isToEvict({ metadata, status }: Pod): boolean {
  const isOver = status?.phase === "Succeeded" || status?.phase === "Failed";
  return !isOver && !metadata?.ownerReferences?.some(({ kind }) => kind === "DaemonSet");
}
