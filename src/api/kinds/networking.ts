import {
  ingressClasses,
  ingresses,
  ipAddresses,
  networkPolicies,
  serviceCIDRs,
} from "../generated/resources.ts";
import type { Ingress, IngressClass, IPAddress, NetworkPolicy, ServiceCIDR } from "../generated/types.ts";
import { isCidr, isIp } from "../ip-address.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { checkRequiredOneOf, invalidValue, required } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { validateLabelSelector } from "./validate-label-selector.ts";
import { shownSelector } from "./workload-columns.ts";

/** What an Ingress without TLS listens on, and with it. */
const plainPort = "80";
const tlsPorts = "80, 443";

export const ingressKind: KindDefinition<Ingress> = defineKind(ingresses, {
  prepareForCreate(ingress) {
    ingress.status = { loadBalancer: {} };
  },
  validate({ spec }, errors) {
    if (!spec?.rules?.length && !spec?.defaultBackend) {
      errors.push(invalidValue("spec", spec ?? {}, "either `defaultBackend` or `rules` must be specified"));
    }
    for (const [index, rule] of (spec?.rules ?? []).entries()) {
      for (const [place, path] of (rule.http?.paths ?? []).entries()) {
        const at = `spec.rules[${index}].http.paths[${place}]`;
        checkRequiredOneOf(errors, `${at}.pathType`, path.pathType, [
          "Exact",
          "ImplementationSpecific",
          "Prefix",
        ]);
        if (path.pathType !== "ImplementationSpecific" && !path.path?.startsWith("/")) {
          errors.push(invalidValue(`${at}.path`, path.path ?? "", "must be an absolute path"));
        }
        if (!path.backend?.service && !path.backend?.resource) errors.push(required(`${at}.backend`));
      }
    }
  },
  columns: {
    columns: [
      nameColumn(),
      column("Class", "Who carries it out."),
      column("Hosts", "For which names."),
      column("Address", "Where it can be reached."),
      column("Ports", "On which ports."),
      ageColumn(),
    ],
    row: ({ metadata, spec, status }, nowMs) => [
      metadata?.name ?? "",
      spec?.ingressClassName ?? "<none>",
      shownHosts((spec?.rules ?? []).map(({ host }) => host || "*")),
      (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || "").join(","),
      spec?.tls?.length ? tlsPorts : plainPort,
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});

export const ingressClassKind: KindDefinition<IngressClass> = defineKind(ingressClasses, {
  hasGeneration: true,
  validate({ spec }, errors) {
    if (!spec?.controller) errors.push(required("spec.controller"));
  },
  columns: {
    columns: [
      nameColumn(),
      column("Controller", "Who carries it out."),
      column("Parameters", "With which settings."),
      ageColumn(),
    ],
    row: ({ metadata, spec }, nowMs) => [
      metadata?.name ?? "",
      spec?.controller ?? "",
      spec?.parameters
        ? `${spec.parameters.kind}.${spec.parameters.apiGroup ?? ""}/${spec.parameters.name}`
        : "<none>",
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});

export const networkPolicyKind: KindDefinition<NetworkPolicy> = defineKind(networkPolicies, {
  hasGeneration: true,
  defaults({ spec }) {
    if (!spec) return;
    spec.policyTypes ??= spec.egress ? ["Ingress", "Egress"] : ["Ingress"];
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of rule.ports ?? []) port.protocol ??= "TCP";
    }
  },
  validate({ spec }, errors) {
    validateLabelSelector(spec?.podSelector, "spec.podSelector", errors);
    for (const [index, rule] of (spec?.ingress ?? []).entries()) {
      for (const [place, peer] of (rule.from ?? []).entries()) {
        if (peer.ipBlock && !isCidr(peer.ipBlock.cidr ?? "")) {
          errors.push(
            invalidValue(
              `spec.ingress[${index}].from[${place}].ipBlock.cidr`,
              peer.ipBlock.cidr,
              "not a valid CIDR",
            ),
          );
        }
      }
    }
  },
  columns: {
    columns: [nameColumn(), column("Pod-Selector", "For which pods."), ageColumn()],
    row: ({ metadata, spec }, nowMs) => [
      metadata?.name ?? "",
      shownSelector(spec?.podSelector),
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});

export const ipAddressKind: KindDefinition<IPAddress> = defineKind(ipAddresses, {
  validate({ metadata, spec }, errors) {
    if (metadata?.name && !isIp(metadata.name)) {
      errors.push(
        invalidValue("metadata.name", metadata.name, "must be a valid IP address in canonical form"),
      );
    }
    if (!spec?.parentRef) errors.push(required("spec.parentRef"));
  },
  selectableFields: {},
  columns: {
    columns: [nameColumn(), column("ParentRef", "What has this address."), ageColumn()],
    row: ({ metadata, spec }, nowMs) => [
      metadata?.name ?? "",
      [spec?.parentRef?.resource, spec?.parentRef?.namespace, spec?.parentRef?.name]
        .filter(Boolean)
        .join("/"),
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});

export const serviceCidrKind: KindDefinition<ServiceCIDR> = defineKind(serviceCIDRs, {
  validate({ spec }, errors) {
    if (!spec?.cidrs?.length) errors.push(required("spec.cidrs", "at least one CIDR required"));
    for (const [index, cidr] of (spec?.cidrs ?? []).entries()) {
      if (!isCidr(cidr))
        errors.push(
          invalidValue(
            `spec.cidrs[${index}]`,
            cidr,
            "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
          ),
        );
    }
  },
  columns: {
    columns: [nameColumn(), column("CIDRs", "From which ranges service addresses come."), ageColumn()],
    row: ({ metadata, spec }, nowMs) => [
      metadata?.name ?? "",
      (spec?.cidrs ?? []).join(","),
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});

function shownHosts(hosts: readonly string[]): string {
  const unique = [...new Set(hosts)];
  const more = unique.length > 3 ? ` + ${unique.length - 3} more...` : "";
  return `${unique.slice(0, 3).join(",")}${more}` || "*";
}
