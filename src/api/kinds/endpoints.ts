import { endpoints } from "../generated/resources.ts";
import type { EndpointAddress, EndpointPort, Endpoints } from "../generated/types.ts";
import { isIp } from "../ip-address.ts";
import { dnsLabel, portNumber } from "../names.ts";
import { age } from "../table/age.ts";
import { ageColumn, column, nameColumn } from "../table/name-and-age.ts";
import { defineKind } from "./define-kind.ts";
import { checkRequiredOneOf, type FieldErrors, invalidValue, required } from "./field-errors.ts";
import type { KindDefinition } from "./kind-definition.ts";
import { whySpecial } from "./special-address.ts";

/** Endpoints: where a service leads, the older form of endpoint slices. */
export const endpointsKind: KindDefinition<Endpoints> = defineKind(endpoints, {
  createOnUpdate: true,
  defaults({ subsets }) {
    for (const subset of subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= "TCP";
  },
  validate({ subsets }, errors) {
    for (const [index, subset] of (subsets ?? []).entries()) {
      const at = `subsets[${index}]`;
      if (!subset.addresses?.length && !subset.notReadyAddresses?.length) {
        errors.push(required(at, "must specify `addresses` or `notReadyAddresses`"));
      }
      for (const list of ["addresses", "notReadyAddresses"] as const) {
        for (const [place, address] of (subset[list] ?? []).entries()) {
          validateAddress(address, `${at}.${list}[${place}].ip`, errors);
        }
      }
      for (const [place, port] of (subset.ports ?? []).entries()) {
        validatePort(port, `${at}.ports[${place}]`, (subset.ports?.length ?? 0) > 1, errors);
      }
    }
  },
  columns: {
    columns: [nameColumn(), column("Endpoints", "Addresses and ports that serve."), ageColumn()],
    row: (object, nowMs) => [
      object.metadata?.name ?? "",
      shownEndpoints(object),
      age(object.metadata?.creationTimestamp, nowMs),
    ],
  },
});

const maxShown = 3;

/** The first few `address:port`, and how many more there are. */
function shownEndpoints({ subsets }: Endpoints): string {
  const all = (subsets ?? []).flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) =>
          addresses.map(({ ip }) => (ip?.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`)),
        ),
  );
  const more = all.length > maxShown ? ` + ${all.length - maxShown} more...` : "";
  return all.length === 0 ? "<none>" : `${all.slice(0, maxShown).join(",")}${more}`;
}

function validateAddress({ ip }: EndpointAddress, path: string, errors: FieldErrors): void {
  if (!isIp(ip ?? "")) {
    errors.push(
      invalidValue(path, ip ?? "", "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"),
    );
    return;
  }
  const special = whySpecial(ip);
  if (special) errors.push(invalidValue(path, ip, special));
}

function validatePort(port: EndpointPort, path: string, needsName: boolean, errors: FieldErrors): void {
  if (needsName && !port.name) errors.push(required(`${path}.name`));
  if (port.name)
    for (const why of dnsLabel(port.name)) errors.push(invalidValue(`${path}.name`, port.name, why));
  for (const why of portNumber(port.port)) errors.push(invalidValue(`${path}.port`, port.port ?? 0, why));
  checkRequiredOneOf(errors, `${path}.protocol`, port.protocol, ["SCTP", "TCP", "UDP"]);
}
