import type { KubernetesObject, Labels, OwnerReference, Pod, PodTemplateSpec, Selector } from "#api";
import { claimsOfPod, pods } from "#api";
import { byController, type Informer, type Informers } from "#client";
import { controllerOf } from "./claim.ts";
import { podOfControllers } from "./pod-of-controllers.ts";

/** All pods, as `podOfControllers` leaves them, with the indexes by which controllers find theirs. */
export function podInformer(informers: Informers): Informer<Pod> {
  return informers
    .of(pods, { keep: podOfControllers })
    .addIndex("controller", byController)
    .addIndex("orphans", byNamespaceOfOrphan)
    .addIndex("labels", byLabels, familiesOfLabels)
    .addIndex("claim", (pod) => claimsOfPod(pod).map(({ claim }) => `${pod.metadata?.namespace}/${claim}`))
    .addIndex("node", (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
}

/**
 * The pods of a namespace with labels that match. Replicas have the same ones: of a hundred thousand pods few are asked about, so that
 * each change of one of them does not mean a look at all.
 */
export function podsWith(pods: Informer<Pod>, namespace: string, { exact, matches }: Selector): Pod[] {
  const found: Pod[] = [];
  const [pair] = exact;
  const family = pair ? pairFamily(namespace, ...pair) : namespaceFamily(namespace);
  for (const alike of pods.groups("labels", family)) {
    let isFirst = true;
    for (const pod of alike) {
      if (isFirst && !matches(pod.metadata?.labels)) break;
      isFirst = false;
      found.push(pod);
    }
  }
  return found;
}

/** A group of pods that are alike is found by each of its labels, and by its namespace alone. */
function familiesOfLabels({ metadata }: Pod): readonly string[] {
  const namespace = metadata?.namespace ?? "";
  const pairs = Object.entries(metadata?.labels ?? noLabels);
  return [namespaceFamily(namespace), ...pairs.map(([key, value]) => pairFamily(namespace, key, value))];
}

function namespaceFamily(namespace: string): string {
  return `${namespace}/`;
}

function pairFamily(namespace: string, key: string, value: string): string {
  return `${namespace}/${key}=${value}`;
}

function byLabels({ metadata }: Pod): readonly string[] {
  return [`${metadata?.namespace}/${textOf(metadata?.labels ?? noLabels)}`];
}

/** Pods share their labels with those that are alike. */
function textOf(labels: Labels): string {
  const text = labelTexts.get(labels) ?? JSON.stringify(labels);
  labelTexts.set(labels, text);
  return text;
}

const labelTexts = new WeakMap<Labels, string>();
const noLabels: Labels = {};

/** Index by namespace of what nobody controls: who might adopt looks only there. */
export function byNamespaceOfOrphan(object: KubernetesObject): readonly string[] {
  return controllerOf(object) ? [] : [object.metadata?.namespace ?? ""];
}

/** A new pod from a template, controlled by `owner`. Kubernetes names it after its owner. */
export function podFromTemplate(
  template: PodTemplateSpec | undefined,
  owner: { readonly reference: OwnerReference; readonly namespace: string | undefined },
): Pod {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      generateName: `${owner.reference.name}-`,
      ...(owner.namespace === undefined ? {} : { namespace: owner.namespace }),
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [owner.reference],
    },
    ...(template?.spec ? { spec: template.spec } : {}),
  };
}
