import { type Lease, leases, type Node, nodes, type Pod, pods } from "#api";
import { isNotFound, timestamp } from "#base";
import { keyOf } from "#client";
import { type Controller, controller, type Watch, watch } from "#reconcile";
import type { ControllerContext } from "../context.ts";
import { eachOf } from "../shared/batches.ts";
import { conditionOf } from "../shared/condition.ts";
import { podInformer } from "../shared/pods.ts";
import { decide, type NodePlan } from "./decide.ts";
import { parallelPods } from "./limits.ts";

/** Watches whether nodes are alive, taints those that are not, and drives pods away as their tolerations say. */
export function nodeLifecycleController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const recorder = context.recorder("node-controller");
  const all = informers.of(nodes);
  const allPods = podInformer(informers);
  // Of all namespaces, as the inventory has it: the others hold a handful, and each renewal is then heard once. That it came is all there is to know.
  const allLeases = informers.metadataOf(leases);
  /** When each node was last heard, by this process' clock: clocks of machines are not compared. */
  const heardAtMs = new Map<string, number>();
  const hear = (name: string) => heardAtMs.set(name, clock.now());
  const hasReadyPeer = (name: string): boolean => {
    for (const one of all.values()) if (keyOf(one) !== name && readyOf(one) === "True") return true;
    return false;
  };
  const readyOf = (node: Node | undefined) => conditionOf(node?.status?.conditions, "Ready")?.status;

  /** Nothing happens to pods of such a node, however many come and go. */
  const isWell = (node: Node | undefined) =>
    readyOf(node) === "True" && !node?.spec?.taints?.some(({ effect }) => effect === "NoExecute");

  /** A renewal is only noted, and calls for a look only when the node was given up. */
  const leaseWatch: Watch = {
    synced: () => allLeases.synced,
    start(add) {
      const renewed = ({ metadata: { name = "", namespace } = {} }: Lease) => {
        if (namespace !== "kube-node-lease") return;
        hear(name);
        if (readyOf(all.get(name)) === "Unknown") add(name);
      };
      return allLeases.addHandler({ added: renewed, updated: renewed });
    },
  };

  const setConditions = async (node: Node, plan: NodePlan): Promise<void> => {
    const { name = "", uid } = node.metadata ?? {};
    const patch = { metadata: { uid }, status: { conditions: plan.conditions } };
    await client.resource(nodes).patch(name, { type: "strategic", patch }, { subresource: "status" });
    const message = `Node ${name} status is now: NodeNotReady`;
    recorder.record(
      { ...node, apiVersion: "v1", kind: "Node" },
      { type: "Normal", reason: "NodeNotReady", message },
    );
  };

  const setTaints = async (node: Node, plan: NodePlan): Promise<void> => {
    const { name = "", uid, resourceVersion } = node.metadata ?? {};
    // With the version seen: somebody else may be tainting, too.
    const taints = plan.taints?.length ? plan.taints : null;
    const patch = { metadata: { uid, resourceVersion }, spec: { taints } };
    await client.resource(nodes).patch(name, { type: "merge", patch });
  };

  const setUnready = async (pod: Pod): Promise<void> => {
    const { name = "", namespace, uid } = pod.metadata ?? {};
    const condition = { type: "Ready", status: "False", lastTransitionTime: timestamp(clock) };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    const api = client.resource(pods, namespace);
    await api.patch(name, { type: "strategic", patch }, { subresource: "status" }).catch(ignoreMissing);
    recorder.record(known(pod), { type: "Warning", reason: "NodeNotReady", message: "Node is not ready" });
  };

  const evict = async (pod: Pod): Promise<void> => {
    const { name = "", namespace, uid = "" } = pod.metadata ?? {};
    const message = `Marking for deletion Pod ${namespace}/${name}`;
    recorder.record(known(pod), { type: "Normal", reason: "TaintManagerEviction", message });
    const condition = {
      type: "DisruptionTarget",
      status: "True",
      reason: "DeletionByTaintManager",
      message: "Taint manager: deleting due to NoExecute taint",
      lastTransitionTime: timestamp(clock),
    };
    const patch = { metadata: { uid }, status: { conditions: [condition] } };
    const api = client.resource(pods, namespace);
    await api.patch(name, { type: "strategic", patch }, { subresource: "status" }).catch(ignoreMissing);
    await api.delete(name, { preconditions: { uid } }).catch(ignoreMissing);
  };

  return controller({
    name: "node-lifecycle",
    watches: [
      leaseWatch,
      watch(all),
      watch(allPods, {
        keys: ({ spec }) => (spec?.nodeName && !isWell(all.get(spec.nodeName)) ? [spec.nodeName] : []),
        when: (pod, old) => pod.spec?.nodeName !== old.spec?.nodeName,
      }),
    ],
    reconcile: async (name) => {
      const node = all.get(name);
      if (!node) {
        heardAtMs.delete(name);
        return undefined;
      }
      if (!heardAtMs.has(name)) hear(name);
      const plan = decide({
        node,
        pods: allPods.byIndex("node", name),
        heardAtMs: heardAtMs.get(name) ?? clock.now(),
        hasReadyPeer: hasReadyPeer(name),
        nowMs: clock.now(),
      });
      if (plan.conditions) await setConditions(node, plan);
      // The cached node is older than the conditions just written; its taints follow with the next look.
      else if (plan.taints) await setTaints(node, plan);
      await eachOf(plan.unready, parallelPods, setUnready);
      await eachOf(plan.evict, parallelPods, evict);
      return plan.requeueAfterMs === undefined ? undefined : { requeueAfterMs: plan.requeueAfterMs };
    },
  });
}

function ignoreMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}

function known(pod: Pod): Pod {
  return { ...pod, apiVersion: "v1", kind: "Pod" };
}
