import type { Clock, Random } from "#base";
import type { RbacIndex } from "../authorization/rbac/rbac-index.ts";
import type { AdmissionPlugin, Authorizer, ObjectFeed } from "../ports.ts";
import { certificateRequester } from "./certificate-requester.ts";
import { claimResize } from "./claim-resize.ts";
import { defaultStorageClass } from "./default-storage-class.ts";
import { defaultTolerationSeconds } from "./default-toleration-seconds.ts";
import { fakeNodeRestriction } from "./fake-node-restriction.ts";
import { namespaceLifecycle } from "./namespace-lifecycle.ts";
import { nodeRestriction } from "./node-restriction.ts";
import { priority } from "./priority.ts";
import { roleEscalation } from "./role-escalation.ts";
import { runtimeClass } from "./runtime-class.ts";
import { serviceAccountPlugin } from "./service-account.ts";
import { storageInUse } from "./storage-in-use.ts";
import { taintNodesByCondition } from "./taint-nodes-by-condition.ts";

/**
 * Every admission rule, in the order in which they run (Kubernetes' own order). The order matters: cheap refusals
 * first, then what completes pods, then what counts and limits them as they will be stored.
 */
export function admissionPlugins(options: {
  readonly feed: ObjectFeed;
  readonly authorizer: Authorizer;
  readonly rbac: RbacIndex;
  readonly clock: Clock;
  readonly random: Random;
}): readonly AdmissionPlugin[] {
  return [
    namespaceLifecycle(),
    // Place of PodSecurity.
    runtimeClass(),
    // Place of LimitRanger: sets the defaults that ResourceQuota counts.
    serviceAccountPlugin(options),
    nodeRestriction(),
    fakeNodeRestriction(options.feed),
    certificateRequester(),
    taintNodesByCondition(),
    priority(options.feed),
    defaultTolerationSeconds(),
    defaultStorageClass(),
    storageInUse(),
    claimResize(),
    // Place of DefaultIngressClass.
    roleEscalation(options),
    // Place of mutating policies and webhooks, then validating ones.
    // Place of ResourceQuota: last, because it charges for what everyone else let through.
  ];
}
