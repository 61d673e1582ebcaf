import { createHash } from "node:crypto";
import { bytesAnswer } from "../pipeline/answers.ts";
import type { Document } from "../pipeline/documents.ts";
import type { DocumentAnswer, Exchange } from "../pipeline/exchange.ts";
import { mediaRanges } from "../pipeline/negotiate.ts";
import { headerOf } from "../pipeline/request.ts";
import type { Catalogue } from "../registry/catalogue.ts";
import { aggregated, apiVersions, groupDocument, groupList, resourceList } from "./documents.ts";
import { type ServedGroup, servedGroups } from "./groups.ts";

/** Which kinds are served, in the plain and in the aggregated form. Documents are made once per catalogue. */
export function discovery(catalogue: Catalogue, address: string): Document {
  let groups: ServedGroup[] = [];
  let version = -1;
  const encoded = new Map<string, Encoded>();

  return {
    answer(path, exchange) {
      if (path !== "/api" && path !== "/apis" && !path.startsWith("/api/") && !path.startsWith("/apis/")) {
        return undefined;
      }
      if (version !== catalogue.version) {
        groups = servedGroups(catalogue);
        version = catalogue.version;
        encoded.clear();
      }
      const plainPath = path.endsWith("/") ? path.slice(0, -1) : path;
      const isRoot = plainPath === "/api" || plainPath === "/apis";
      const type = isRoot && wantsAggregated(exchange) ? aggregatedType : "application/json";
      const key = `${type} ${plainPath}`;
      let found = encoded.get(key);
      if (!found) {
        const document =
          type === aggregatedType ? aggregatedAt(plainPath, groups) : plainAt(plainPath, groups, address);
        if (!document) return undefined;
        found = encode(document);
        encoded.set(key, found);
      }
      return respond(found, type, exchange);
    },
  };
}

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

interface Encoded {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

function encode(document: object): Encoded {
  const bytes = new TextEncoder().encode(JSON.stringify(document));
  const hash = createHash("sha512").update(bytes).digest("hex").toUpperCase();
  return { bytes, etag: `"${hash}"` };
}

function respond({ bytes, etag }: Encoded, type: string, exchange: Exchange): DocumentAnswer {
  const isKnown = headerOf(exchange.headers, "if-none-match") === etag;
  const answer = isKnown ? bytesAnswer(new Uint8Array(), 304) : bytesAnswer(bytes);
  answer.headers["content-type"] = type;
  answer.headers.etag = etag;
  answer.headers.vary = "Accept";
  return answer;
}

/** The client lists what it can read, best first; older clients know only the plain form. */
function wantsAggregated(exchange: Exchange): boolean {
  for (const { type, parameters } of mediaRanges(headerOf(exchange.headers, "accept") ?? "")) {
    if (type !== "application/json" && type !== "*/*") continue;
    const as = parameters.get("as");
    if (as === undefined) return false;
    if (as === "APIGroupDiscoveryList" && parameters.get("v") === "v2") return true;
  }
  return false;
}

function aggregatedAt(path: string, groups: readonly ServedGroup[]): object {
  return aggregated(groups.filter((group) => (group.name === "") === (path === "/api")));
}

function plainAt(path: string, groups: readonly ServedGroup[], address: string): object | undefined {
  const [, root, ...rest] = path.split("/");
  if (root === "api" && rest.length === 0) return apiVersions(address);
  if (root === "apis" && rest.length === 0) return groupList(groups);
  const [name, version] = root === "api" ? ["", rest[0]] : rest;
  if (rest.length > (root === "api" ? 1 : 2)) return undefined;
  const group = groups.find((each) => each.name === name);
  if (!group) return undefined;
  if (version === undefined) return groupDocument(group);
  const served = group.versions.find((each) => each.version === version);
  return served && resourceList(group, served);
}
