import type {
  Container,
  EphemeralContainer,
  HTTPGetAction,
  LifecycleHandler,
  Pod,
  PodSpec,
  Probe,
} from "../../generated/types.ts";
import { defaultResourceList } from "../resource-list.ts";
import { defaultPodLevelResources } from "./pod-level-defaults.ts";
import { pullPolicyOf } from "./pull-policy.ts";
import { defaultVolume } from "./volume-defaults.ts";

/** What Kubernetes fills into a pod. Beyond a template: service links, requests from limits, its containers' and its own, host ports. */
export function defaultPod(pod: Pod): void {
  const spec = pod.spec;
  if (!spec) return;
  spec.enableServiceLinks ??= true;
  for (const container of allContainers(spec)) requestWhatIsLimited(container);
  if (spec.hostNetwork) for (const container of allContainers(spec)) useHostPorts(container);
  defaultPodSpec(spec);
  defaultPodLevelResources(spec);
}

/** What Kubernetes fills into every pod spec, those of templates too. */
export function defaultPodSpec(spec: PodSpec | undefined): void {
  if (!spec) return;
  spec.restartPolicy ||= "Always";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.dnsPolicy ||= "ClusterFirst";
  // The deprecated name mirrors the new one; whichever is given fills the other.
  if (!spec.serviceAccountName && spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
  spec.securityContext ??= {};
  spec.schedulerName ||= "default-scheduler";
  for (const container of allContainers(spec)) defaultContainer(container);
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  defaultResourceList(spec.overhead);
  defaultResourceList(spec.resources?.limits);
  defaultResourceList(spec.resources?.requests);
}

/** Also for ephemeral containers that are added to a running pod. */
export function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= pullPolicyOf(container.image ?? "");
  container.terminationMessagePath ||= "/dev/termination-log";
  container.terminationMessagePolicy ||= "File";
  container.resources ??= {};
  for (const port of container.ports ?? []) port.protocol ||= "TCP";
  for (const variable of container.env ?? []) {
    const reference = variable.valueFrom?.fieldRef;
    if (reference) reference.apiVersion ||= "v1";
  }
  defaultProbe(container.livenessProbe);
  defaultProbe(container.readinessProbe);
  defaultProbe(container.startupProbe);
  defaultHandler(container.lifecycle?.postStart);
  defaultHandler(container.lifecycle?.preStop);
  defaultResourceList(container.resources.limits);
  defaultResourceList(container.resources.requests);
}

function allContainers(spec: PodSpec): Container[] {
  return spec.initContainers ? [...(spec.containers ?? []), ...spec.initContainers] : (spec.containers ?? []);
}

function requestWhatIsLimited(container: Container): void {
  const limits = container.resources?.limits;
  if (!container.resources || !limits) return;
  container.resources.requests ??= {};
  const requests = container.resources.requests;
  for (const name in limits) {
    const limit = limits[name];
    if (requests[name] === undefined && limit !== undefined) requests[name] = limit;
  }
}

function useHostPorts(container: Container): void {
  for (const port of container.ports ?? []) {
    if (port.containerPort !== undefined) port.hostPort ??= port.containerPort;
  }
}

function defaultProbe(probe: Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttpGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= "";
}

function defaultHandler(handler: LifecycleHandler | undefined): void {
  defaultHttpGet(handler?.httpGet);
}

function defaultHttpGet(action: HTTPGetAction | undefined): void {
  if (!action) return;
  action.path ||= "/";
  action.scheme ||= "HTTP";
}
