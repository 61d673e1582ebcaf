import type { ServiceSpec } from "#api";
import type { StatusCause } from "#base";

/** How a service stands to cluster addresses. */
export type Addressing = "addressed" | "headless" | "none";

export function addressingOf(spec: ServiceSpec | undefined): Addressing {
  if (!spec || spec.type === "ExternalName") return "none";
  return spec.clusterIP === "None" || spec.clusterIPs?.[0] === "None" ? "headless" : "addressed";
}

/**
 * Fills in the address family fields for a cluster whose service range is IPv4: `ipFamilies` and `ipFamilyPolicy` say
 * what the service got. A headless service without selector names addresses that others write, of both families.
 */
export function completeFamilies(spec: ServiceSpec): StatusCause[] {
  const addressing = addressingOf(spec);
  if (addressing === "none") {
    for (const field of ["ipFamilies", "ipFamilyPolicy", "clusterIP", "clusterIPs"] as const)
      delete spec[field];
    return [];
  }
  if (addressing === "headless" && Object.keys(spec.selector ?? {}).length === 0) {
    spec.ipFamilyPolicy ??= "RequireDualStack";
    spec.ipFamilies ??= spec.ipFamilyPolicy === "SingleStack" ? ["IPv4"] : ["IPv4", "IPv6"];
    return [];
  }
  const causes = familyCauses(spec);
  spec.ipFamilyPolicy ??= "SingleStack";
  spec.ipFamilies = ["IPv4"];
  return causes;
}

function familyCauses(spec: ServiceSpec): StatusCause[] {
  const causes: StatusCause[] = [];
  if (spec.ipFamilyPolicy === "RequireDualStack") {
    causes.push({
      reason: "FieldValueInvalid",
      field: "spec.ipFamilyPolicy",
      message: 'Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
    });
  }
  const other = (spec.ipFamilies ?? []).findIndex((family) => family !== "IPv4");
  if (other >= 0 && !(spec.ipFamilyPolicy === "PreferDualStack" && other > 0)) {
    causes.push({
      reason: "FieldValueInvalid",
      field: `spec.ipFamilies[${other}]`,
      message: `Invalid value: "${spec.ipFamilies?.[other]}": not configured on this cluster`,
    });
  }
  return causes;
}
