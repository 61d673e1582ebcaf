import { endpointSlices } from "../generated/resources.ts";
import type { DiscoveryV1EndpointPort, Endpoint, EndpointSlice } from "../generated/types.ts";
import { isIpv4, isIpv6 } from "../ip-address.ts";
import { jsonEqual } from "../json.ts";
import { dnsLabel, dnsSubdomain } from "../names.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import {
  checkRequiredOneOf,
  duplicate,
  type FieldErrors,
  fieldIsImmutable,
  invalidValue,
  required,
  tooMany,
} from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { maxEndpointsPerSlice, maxPortsPerSlice } from "./limits.ts";
import { whySpecial } from "./special-address.ts";

/** Endpoint slices: where a service leads, in pieces. */
export const endpointSliceKind: KindDefinition<EndpointSlice> = defineKind(endpointSlices, {
  hasGeneration: true,
  generationFields: ["addressType", "endpoints", "ports"],
  defaults({ ports }) {
    for (const port of ports ?? []) {
      port.name ??= "";
      port.protocol ??= "TCP";
    }
  },
  validate(slice, errors) {
    checkRequiredOneOf(errors, "addressType", slice.addressType, ["FQDN", "IPv4", "IPv6"]);
    const list = slice.endpoints ?? [];
    if (list.length > maxEndpointsPerSlice)
      errors.push(tooMany("endpoints", list.length, maxEndpointsPerSlice));
    else
      for (const [index, endpoint] of list.entries())
        validateEndpoint(endpoint, slice.addressType, `endpoints[${index}]`, errors);
    validatePorts(slice.ports ?? [], errors);
  },
  validateChange(slice, old, errors) {
    if (!jsonEqual(slice.addressType, old.addressType)) {
      errors.push(invalidValue("addressType", slice.addressType, fieldIsImmutable));
    }
  },
  columns: {
    columns: [
      nameColumn(),
      column("AddressType", "What its addresses are."),
      column("Ports", "The ports that serve."),
      column("Endpoints", "The addresses that serve."),
      ageColumn(),
    ],
    row: ({ metadata, addressType, ports, endpoints }, nowMs) => [
      metadata?.name ?? "",
      addressType,
      shownList(
        (ports ?? []).map(({ name, port }) => (port === undefined ? name || "*" : String(port))),
        "<unset>",
      ),
      shownList(
        (endpoints ?? []).flatMap(({ addresses }) => addresses),
        "<unset>",
      ),
      age(metadata?.creationTimestamp, nowMs),
    ],
  },
});

const maxShown = 3;

function shownList(all: readonly string[], none: string): string {
  if (all.length === 0) return none;
  const more = all.length > maxShown ? ` + ${all.length - maxShown} more...` : "";
  return `${all.slice(0, maxShown).join(",")}${more}`;
}

function validateEndpoint(endpoint: Endpoint, type: string, path: string, errors: FieldErrors): void {
  const addresses = endpoint.addresses ?? [];
  if (addresses.length === 0) errors.push(required(`${path}.addresses`, "must contain at least 1 address"));
  for (const [index, address] of addresses.entries()) {
    const at = `${path}.addresses[${index}]`;
    if (type === "IPv4" && !isIpv4(address))
      errors.push(invalidValue(at, address, "must be a valid IPv4 address"));
    if (type === "IPv6" && !isIpv6(address))
      errors.push(invalidValue(at, address, "must be a valid IPv6 address"));
    if (type === "FQDN") for (const why of dnsSubdomain(address)) errors.push(invalidValue(at, address, why));
    const special = type === "FQDN" ? undefined : whySpecial(address);
    if (special) errors.push(invalidValue(at, address, special));
  }
  const { hostname, nodeName } = endpoint;
  if (hostname)
    for (const why of dnsLabel(hostname)) errors.push(invalidValue(`${path}.hostname`, hostname, why));
  if (nodeName)
    for (const why of dnsSubdomain(nodeName)) errors.push(invalidValue(`${path}.nodeName`, nodeName, why));
}

function validatePorts(ports: readonly DiscoveryV1EndpointPort[], errors: FieldErrors): void {
  if (ports.length > maxPortsPerSlice) {
    errors.push(tooMany("ports", ports.length, maxPortsPerSlice));
    return;
  }
  const names = new Set<string>();
  for (const [index, { name = "", protocol }] of ports.entries()) {
    if (name) for (const why of dnsLabel(name)) errors.push(invalidValue(`ports[${index}].name`, name, why));
    if (names.has(name)) errors.push(duplicate(`ports[${index}].name`, name));
    names.add(name);
    checkRequiredOneOf(errors, `ports[${index}].protocol`, protocol, ["SCTP", "TCP", "UDP"]);
  }
}
