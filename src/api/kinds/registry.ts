import * as tokens from "../generated/resources.ts";
import type { KubernetesObject, Resource } from "../resource.ts";
import { certificateSigningRequestKind } from "./certificate-signing-request.ts";
import { configMapKind } from "./config-map.ts";
import {
  limitRangeKind,
  podTemplateKind,
  replicationControllerKind,
  resourceQuotaKind,
} from "./core-others.ts";
import { cronJobKind } from "./cron-job.ts";
import { daemonSetKind } from "./daemon-set.ts";
import { defineKind } from "./define-kind.ts";
import { deploymentKind } from "./deployment.ts";
import { endpointSliceKind } from "./endpoint-slice.ts";
import { endpointsKind } from "./endpoints.ts";
import { eventKind, eventsV1EventKind } from "./event/event.ts";
import { autoscalingV1Kind, horizontalPodAutoscalerKind } from "./horizontal-pod-autoscaler.ts";
import { jobKind } from "./job.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { leaseKind } from "./lease.ts";
import { namespaceKind } from "./namespace.ts";
import {
  ingressClassKind,
  ingressKind,
  ipAddressKind,
  networkPolicyKind,
  serviceCidrKind,
} from "./networking.ts";
import { nodeKind } from "./node.ts";
import * as others from "./others.ts";
import { persistentVolumeKind } from "./persistent-volume.ts";
import { persistentVolumeClaimKind } from "./persistent-volume-claim.ts";
import { podKind } from "./pod/pod.ts";
import { podDisruptionBudgetKind } from "./pod-disruption-budget.ts";
import { priorityClassKind } from "./priority-class.ts";
import { clusterRoleBindingKind, clusterRoleKind, roleBindingKind, roleKind } from "./rbac.ts";
import { replicaSetKind } from "./replica-set.ts";
import { secretKind } from "./secret.ts";
import { serviceKind } from "./service/service.ts";
import { serviceAccountKind } from "./service-account.ts";
import { statefulSetKind } from "./stateful-set.ts";
import { csiNodeKind, storageClassKind, volumeAttachmentKind } from "./storage.ts";

/** Every built-in kind, written by hand: a kind that is not in this list is not served. */
export const kindDefinitions: readonly KindDefinition[] = [
  // core
  namespaceKind,
  podKind,
  nodeKind,
  serviceKind,
  endpointsKind,
  configMapKind,
  secretKind,
  eventKind,
  serviceAccountKind,
  replicationControllerKind,
  podTemplateKind,
  resourceQuotaKind,
  limitRangeKind,
  persistentVolumeKind,
  persistentVolumeClaimKind,
  defineKind(tokens.bindings, { storage: "none" }),
  defineKind(tokens.componentStatuses, { storage: "none" }),
  // apps and batch
  deploymentKind,
  replicaSetKind,
  daemonSetKind,
  statefulSetKind,
  others.controllerRevisionKind,
  jobKind,
  cronJobKind,
  // autoscaling and policy
  horizontalPodAutoscalerKind,
  autoscalingV1Kind,
  podDisruptionBudgetKind,
  // networking and discovery
  endpointSliceKind,
  ingressKind,
  ingressClassKind,
  networkPolicyKind,
  ipAddressKind,
  serviceCidrKind,
  // coordination and events
  leaseKind,
  eventsV1EventKind,
  // rights
  roleKind,
  clusterRoleKind,
  roleBindingKind,
  clusterRoleBindingKind,
  certificateSigningRequestKind,
  defineKind(tokens.tokenReviews, { storage: "none" }),
  defineKind(tokens.selfSubjectReviews, { storage: "none" }),
  defineKind(tokens.subjectAccessReviews, { storage: "none" }),
  defineKind(tokens.selfSubjectAccessReviews, { storage: "none" }),
  defineKind(tokens.localSubjectAccessReviews, { storage: "none" }),
  defineKind(tokens.selfSubjectRulesReviews, { storage: "none" }),
  // scheduling, nodes, storage, devices
  priorityClassKind,
  others.runtimeClassKind,
  storageClassKind,
  volumeAttachmentKind,
  defineKind(tokens.csiDrivers, { hasGeneration: true }),
  csiNodeKind,
  defineKind(tokens.csiStorageCapacities),
  defineKind(tokens.volumeAttributesClasses),
  defineKind(tokens.deviceClasses, { hasGeneration: true }),
  defineKind(tokens.resourceClaims, { hasGeneration: false }),
  defineKind(tokens.resourceClaimTemplates),
  defineKind(tokens.resourceSlices, { hasGeneration: true }),
  // admission, extension, flow control
  others.validatingWebhookConfigurationKind,
  others.mutatingWebhookConfigurationKind,
  defineKind(tokens.validatingAdmissionPolicies),
  defineKind(tokens.validatingAdmissionPolicyBindings, { hasGeneration: true }),
  defineKind(tokens.mutatingAdmissionPolicies, { hasGeneration: true }),
  defineKind(tokens.mutatingAdmissionPolicyBindings, { hasGeneration: true }),
  others.customResourceDefinitionKind,
  others.apiServiceKind,
  defineKind(tokens.flowSchemas),
  defineKind(tokens.priorityLevelConfigurations),
];

const byResource = new Map(kindDefinitions.map((definition) => [keyOf(definition.resource), definition]));

/** The definition of a built-in kind by where it is served; undefined for any other. */
export function kindDefinitionOf<T extends KubernetesObject>(
  resource: Pick<Resource<T>, "group" | "version" | "resource">,
): KindDefinition<T> | undefined {
  return byResource.get(keyOf(resource)) as KindDefinition<T> | undefined;
}

function keyOf(resource: Pick<Resource, "group" | "version" | "resource">): string {
  return `${resource.group}/${resource.version}/${resource.resource}`;
}
