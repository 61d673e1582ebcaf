import type { Service, ServicePort, ServiceSpec } from "../../generated/types.ts";
import { isCidr, isIp } from "../../ip-address.ts";
import { dnsLabel, dnsSubdomain, portNumber } from "../../names.ts";
import {
  checkRequiredOneOf,
  duplicate,
  type FieldErrors,
  fieldIsImmutable,
  forbiddenField,
  invalidValue,
  required,
} from "../field-errors.ts";
import { validateLabels } from "../metadata.ts";
import { validatePortReference } from "../pod/validate-probe.ts";
import { whySpecial } from "../special-address.ts";

export function validateService({ spec }: Service, errors: FieldErrors): void {
  if (!spec) {
    errors.push(required("spec.ports"));
    return;
  }
  checkRequiredOneOf(errors, "spec.type", spec.type, [
    "ClusterIP",
    "ExternalName",
    "LoadBalancer",
    "NodePort",
  ]);
  checkRequiredOneOf(errors, "spec.sessionAffinity", spec.sessionAffinity, ["ClientIP", "None"]);
  validateLabels(spec.selector, "spec.selector", errors);
  if (spec.type === "ExternalName") validateExternalName(spec, errors);
  else validateClusterIp(spec, errors);
  validatePorts(spec, errors);
  validatePolicies(spec, errors);
  for (const [index, address] of (spec.externalIPs ?? []).entries()) {
    const why = isIp(address) ? whySpecial(address) : mustBeAnAddress;
    if (why) errors.push(invalidValue(`spec.externalIPs[${index}]`, address, why));
  }
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    if (!isCidr(range.trim())) {
      errors.push(
        invalidValue(
          `spec.loadBalancerSourceRanges[${index}]`,
          range,
          "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
        ),
      );
    }
  }
}

/** A cluster address, once given, stays. */
export function validateServiceChange(service: Service, old: Service, errors: FieldErrors): void {
  const before = old.spec?.clusterIP;
  const now = service.spec?.clusterIP;
  if (!before || service.spec?.type === "ExternalName" || old.spec?.type === "ExternalName") return;
  if (now !== before) {
    errors.push(
      invalidValue(
        "spec.clusterIPs[0]",
        service.spec?.clusterIPs ?? now ?? "",
        now ? "may not change once set" : "primary clusterIP can not be unset",
      ),
    );
  }
  if (before !== "None" && old.spec?.ipFamilies?.[0] !== service.spec?.ipFamilies?.[0]) {
    errors.push(invalidValue("spec.ipFamilies[0]", service.spec?.ipFamilies?.[0] ?? "", fieldIsImmutable));
  }
}

const mustBeAnAddress = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

function validateExternalName(spec: ServiceSpec, errors: FieldErrors): void {
  if (spec.clusterIP) {
    errors.push(forbiddenField("spec.clusterIPs", "may not be set for ExternalName services"));
  }
  const name = (spec.externalName ?? "").replace(/\.$/, "");
  if (name === "") errors.push(required("spec.externalName"));
  else
    for (const why of dnsSubdomain(name))
      errors.push(invalidValue("spec.externalName", spec.externalName, why));
}

function validateClusterIp(spec: ServiceSpec, errors: FieldErrors): void {
  for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
    if (address === "None" && index === 0) continue;
    if (!isIp(address)) errors.push(invalidValue(`spec.clusterIPs[${index}]`, address, mustBeAnAddress));
  }
  if (spec.clusterIP && spec.clusterIPs?.[0] !== spec.clusterIP) {
    errors.push(invalidValue("spec.clusterIPs", spec.clusterIPs ?? [], "first value must match `clusterIP`"));
  }
  if (spec.clusterIP === "None" && (spec.type === "NodePort" || spec.type === "LoadBalancer")) {
    errors.push(
      invalidValue("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${spec.type} services`),
    );
  }
}

function validatePorts(spec: ServiceSpec, errors: FieldErrors): void {
  const ports = spec.ports ?? [];
  if (ports.length === 0 && spec.type !== "ExternalName" && spec.clusterIP !== "None") {
    errors.push(required("spec.ports"));
  }
  const names = new Set<string>();
  const numbers = new Set<string>();
  const nodePorts = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`;
    validatePort(port, at, errors);
    if (port.name) {
      if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name));
      names.add(port.name);
    } else if (ports.length > 1) errors.push(required(`${at}.name`));
    const key = `${port.protocol}/${port.port}`;
    if (numbers.has(key)) errors.push(duplicate(at, { protocol: port.protocol, port: port.port }));
    numbers.add(key);
    validateNodePort(spec, port, at, nodePorts, errors);
  }
}

function validatePort(port: ServicePort, at: string, errors: FieldErrors): void {
  if (port.name)
    for (const why of dnsLabel(port.name)) errors.push(invalidValue(`${at}.name`, port.name, why));
  for (const why of portNumber(port.port)) errors.push(invalidValue(`${at}.port`, port.port ?? 0, why));
  checkRequiredOneOf(errors, `${at}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]);
  validatePortReference(port.targetPort, `${at}.targetPort`, errors);
}

function validateNodePort(
  spec: ServiceSpec,
  port: ServicePort,
  at: string,
  seen: Set<string>,
  errors: FieldErrors,
): void {
  if (!port.nodePort) return;
  const path = `${at}.nodePort`;
  if (spec.type === "ClusterIP" || spec.type === "ExternalName") {
    errors.push(forbiddenField(path, `may not be used when \`type\` is '${spec.type}'`));
  } else for (const why of portNumber(port.nodePort)) errors.push(invalidValue(path, port.nodePort, why));
  const key = `${port.protocol}/${port.nodePort}`;
  if (seen.has(key)) errors.push(duplicate(path, { protocol: port.protocol, nodePort: port.nodePort }));
  seen.add(key);
}

function validatePolicies(spec: ServiceSpec, errors: FieldErrors): void {
  if (spec.externalTrafficPolicy) {
    if (spec.type !== "NodePort" && spec.type !== "LoadBalancer" && !spec.externalIPs?.length) {
      errors.push(
        invalidValue(
          "spec.externalTrafficPolicy",
          spec.externalTrafficPolicy,
          "may only be set for externally-accessible services",
        ),
      );
    } else
      checkRequiredOneOf(errors, "spec.externalTrafficPolicy", spec.externalTrafficPolicy, [
        "Cluster",
        "Local",
      ]);
  }
  if (spec.internalTrafficPolicy !== undefined) {
    checkRequiredOneOf(errors, "spec.internalTrafficPolicy", spec.internalTrafficPolicy, [
      "Cluster",
      "Local",
    ]);
  }
  const timeout = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (timeout !== undefined && (timeout <= 0 || timeout > 86_400)) {
    errors.push(
      invalidValue(
        "spec.sessionAffinityConfig.clientIP.timeoutSeconds",
        timeout,
        "must be greater than 0 and less than 86400",
      ),
    );
  }
  if (spec.ipFamilyPolicy !== undefined) {
    checkRequiredOneOf(errors, "spec.ipFamilyPolicy", spec.ipFamilyPolicy, [
      "PreferDualStack",
      "RequireDualStack",
      "SingleStack",
    ]);
  }
}
