import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const root: string = resolve(import.meta.dirname, "../..");

export const definitionsDirectory: string = join(root, "src/api/definitions");
export const generatedDirectory: string = join(root, "src/api/generated");

/** Where the official facts lie, if they do: `NACRE_REFERENCE`, or beside the repository. */
export function referenceDirectory(): string | undefined {
  const places = [process.env.NACRE_REFERENCE, resolve(root, "../shared/reference/kubernetes-1.36")];
  return places.find((place) => place !== undefined && existsSync(join(place, "openapi-v3")));
}
