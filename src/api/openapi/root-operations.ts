import { groupWord, type Operation, upperFirst } from "./operations.ts";
import { openApiV3Paths } from "./paths.ts";

/** What the document at `path` has besides resources: discovery, or the version. Undefined: no such document. */
export function rootOperations(path: string): Operation[] | undefined {
  if (!openApiV3Paths().includes(path)) return undefined;
  const [root, group, version] = path === "api/v1" ? ["api", "", "v1"] : path.split("/");
  const word = groupWord(group ?? "");
  if (path === "version") return [read("/version/", "getCodeVersion", "version.Info")];
  if (path === "api") return [read("/api/", "getCoreAPIVersions", "meta.v1.APIVersions")];
  if (path === "apis") return [read("/apis/", "getAPIVersions", "meta.v1.APIGroupList")];
  if (version === undefined) return [read(`/${root}/${group}/`, `get${word}APIGroup`, "meta.v1.APIGroup")];
  return [read(`/${path}/`, `get${word}${upperFirst(version)}APIResources`, "meta.v1.APIResourceList")];
}

function read(path: string, id: string, answer: string): Operation {
  return {
    path,
    method: "get",
    id,
    action: undefined,
    kind: undefined,
    parameters: [],
    body: undefined,
    answer,
    codes: [200],
    streams: false,
  };
}
