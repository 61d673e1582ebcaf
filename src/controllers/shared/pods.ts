import type { KubernetesObject, OwnerReference, Pod, PodTemplateSpec } from "#api";
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
    .addIndex("claim", (pod) => claimsOfPod(pod).map(({ claim }) => `${pod.metadata?.namespace}/${claim}`))
    .addIndex("node", (pod) => (pod.spec?.nodeName ? [pod.spec.nodeName] : []));
}

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
