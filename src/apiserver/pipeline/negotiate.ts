import { ApiError } from "#base";
import { rememberedAccepts } from "../limits.ts";

/** In which form the client wants objects. */
export interface Representation {
  /** `object`: as they are; `table`: for people; `metadata`: without spec and status. */
  readonly as: "object" | "table" | "metadata";
  readonly format: "json" | "yaml";
  /** The client drops managed fields: it need not be sent them. `omit=managedFields`, a parameter of our own. */
  readonly omitsManagedFields?: boolean;
}

/** One media range of an Accept header. */
export interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const plainJson: Representation = { as: "object", format: "json" };

/**
 * Reads the Accept header of a request for objects, taking the first form that we have. Throws NotAcceptable when
 * there is none.
 */
export function negotiate(accept: string | undefined): Representation {
  if (accept === undefined || accept === "*/*" || accept === "application/json" || accept === "") {
    return plainJson;
  }
  const known = latest.get(accept);
  if (known) return known;
  const chosen = firstServed(accept);
  if (latest.size >= rememberedAccepts) latest.clear();
  latest.set(accept, chosen);
  return chosen;
}

/** What headers asked for lately: clients send the same few time after time. */
const latest = new Map<string, Representation>();

function firstServed(accept: string): Representation {
  for (const range of mediaRanges(accept)) {
    const chosen = representation(range);
    if (chosen) return chosen;
  }
  throw new ApiError(
    "NotAcceptable",
    `only the following media types are accepted: ${served.join(", ")}; the request accepts ${accept}`,
  );
}

/** Splits an Accept header. The order is the client's; weights are not looked at, as no client of this API uses them. */
export function mediaRanges(accept: string): MediaRange[] {
  return accept.split(",").map((part) => {
    const [type = "", ...rest] = part.split(";").map((piece) => piece.trim());
    const parameters = rest.map((parameter): [string, string] => {
      const equals = parameter.indexOf("=");
      return equals < 0 ? [parameter, ""] : [parameter.slice(0, equals), parameter.slice(equals + 1)];
    });
    return { type: type.toLowerCase(), parameters: new Map(parameters) };
  });
}

const served = ["application/json", "application/yaml"];

function representation({ type, parameters }: MediaRange): Representation | undefined {
  const format = formatOf(type);
  if (!format) return undefined;
  const as = parameters.get("as");
  const omitsManagedFields = parameters.get("omit") === "managedFields";
  if (as === undefined || as === "") return { as: "object", format, omitsManagedFields };
  const group = parameters.get("g");
  const version = parameters.get("v");
  if (group !== "meta.k8s.io" || version !== "v1") return undefined;
  if (as === "Table") return { as: "table", format };
  if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") {
    return { as: "metadata", format, omitsManagedFields };
  }
  return undefined;
}

function formatOf(type: string): "json" | "yaml" | undefined {
  if (type === "application/json" || type === "*/*" || type === "application/*") return "json";
  if (type === "application/yaml") return "yaml";
  return undefined;
}
