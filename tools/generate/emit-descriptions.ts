import { createHash } from "node:crypto";
import type { PackageDefinition } from "../../src/api/definitions/definition.ts";
import type { Descriptions } from "./descriptions.ts";
import { banner } from "./emit-types.ts";

/** The sentences as the running program reads them, loaded only when an OpenAPI document is asked for. */
export function emitDescriptions(descriptions: Descriptions): string {
  const packages = [...descriptions.all].map(
    ([owner, sentences]) => `  ${JSON.stringify(owner)}: ${JSON.stringify(JSON.stringify(sentences))},\n`,
  );
  return `${banner}/** By package, JSON of a map from \`Type\` and \`Type.field\` to what it is for. */
export const descriptions: Readonly<Record<string, string>> = {
${packages.join("")}};
`;
}

/** Changes whenever a definition or description does: the OpenAPI documents of equal fingerprints are equal. */
export function emitFingerprint(
  packages: ReadonlyMap<string, PackageDefinition>,
  descriptions: Descriptions,
): string {
  const content = JSON.stringify([[...packages], [...descriptions.all]]);
  const hash = createHash("sha256").update(content).digest("hex").toUpperCase();
  return `${banner}export const fingerprint: string = "${hash}";\n`;
}
