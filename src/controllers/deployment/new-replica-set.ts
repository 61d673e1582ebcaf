import { type Deployment, deployments, type ReplicaSet } from "#api";
import { controllerReference } from "../shared/claim.ts";
import { hashOf } from "../shared/hash.ts";
import { templateHashLabel, withoutHash } from "./replica-sets.ts";

/** The set for the deployment's template, named and labelled by the template's hash. */
export function newReplicaSet(
  deployment: Deployment,
  { replicas, annotations }: { replicas: number; annotations: Record<string, string> },
): ReplicaSet {
  const { spec } = deployment;
  const { name, namespace } = deployment.metadata ?? {};
  const hash = hashOf(withoutHash(spec?.template), deployment.status?.collisionCount ?? 0);
  const labels = { ...spec?.template.metadata?.labels, [templateHashLabel]: hash };
  const selector = spec?.selector;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${name}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations,
      ownerReferences: [controllerReference(deployments, deployment)],
    },
    spec: {
      replicas,
      minReadySeconds: spec?.minReadySeconds ?? 0,
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [templateHashLabel]: hash } },
      template: { ...spec?.template, metadata: { ...spec?.template.metadata, labels } },
    },
  };
}
