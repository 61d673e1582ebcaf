import { builtInResources } from "../generated/resources.ts";

/** Below `/openapi/v3`, the documents of built-in groups: the roots, each group, each group and version, and the version. */
export function openApiV3Paths(): string[] {
  const paths = new Set(["api", "apis", "version"]);
  for (const { group, version } of builtInResources) {
    if (group !== "") paths.add(`apis/${group}`);
    paths.add(group === "" ? `api/${version}` : `apis/${group}/${version}`);
  }
  return [...paths].sort();
}
