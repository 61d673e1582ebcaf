import type { Relabelling } from "./relabel.ts";

/** A change after which a plugin would not refuse a node any more. */
export type Remedy =
  /** Amounts in the resource's unit: thousandths of a core for `cpu`, else whole ones. `of` is what the pod asks for now. */
  | { readonly type: "lower-request"; readonly resource: string; readonly by: number; readonly of: number }
  | { readonly type: "allow-more-pods"; readonly to: number }
  | { readonly type: "tolerate-taint"; readonly key: string; readonly value: string; readonly effect: string }
  | { readonly type: "uncordon-node" }
  | { readonly type: "label-node"; readonly labels: Relabelling }
  | { readonly type: "free-port"; readonly ports: readonly string[] }
  /** `pods` are selected by labels, in words. */
  | { readonly type: "start-pod-near"; readonly pods: string; readonly topologyKey: string }
  /** `namespace/name` of pods that are in the way. */
  | { readonly type: "move-pods"; readonly pods: readonly string[]; readonly topologyKey: string }
  | { readonly type: "raise-max-skew"; readonly topologyKey: string; readonly to: number }
  /** Names of claims in the pod's namespace. */
  | { readonly type: "create-claims"; readonly claims: readonly string[] }
  /** Each claim needs a volume that fits it, or a class that makes one. */
  | { readonly type: "provide-volumes"; readonly claims: readonly string[] }
  /** `namespace/name` of pods that use what only one pod may use. */
  | { readonly type: "end-pods"; readonly pods: readonly string[] }
  | { readonly type: "raise-volume-limit"; readonly driver: string; readonly to: number };
