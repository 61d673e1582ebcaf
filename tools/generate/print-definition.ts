import type { PackageDefinition, ResourceDefinition } from "../../src/api/definitions/definition.ts";

/** One line per field and per resource. */
export function printDefinition(definition: PackageDefinition): string {
  const { resources, types, ...head } = definition;
  const lines = Object.entries(head).map(
    ([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)},`,
  );
  if (resources)
    lines.push(`  "resources": {\n${Object.entries(resources).map(printResource).join(",\n")}\n  },`);
  const blocks = Object.entries(types).map(([name, { fields, ...type }]) => {
    const attributes = Object.entries(type).map(
      ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}, `,
    );
    const body = Object.entries(fields).map(
      ([field, value]) => `        ${JSON.stringify(field)}: ${spaced(value)}`,
    );
    const content = body.length === 0 ? "{}" : `{\n${body.join(",\n")}\n      }`;
    return `    ${JSON.stringify(name)}: {\n      ${attributes.join("")}"fields": ${content}\n    }`;
  });
  return `{\n${lines.join("\n")}\n  "types": {\n${blocks.join(",\n")}\n  }\n}\n`;
}

function printResource([name, resource]: [string, ResourceDefinition]): string {
  const { verbs, subresources, ...head } = resource;
  const attributes = Object.entries(head).map(
    ([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`,
  );
  const lines = [...attributes, `"verbs": ${JSON.stringify(verbs)}`];
  if (subresources) {
    const subs = Object.entries(subresources).map(
      ([sub, value]) => `        ${JSON.stringify(sub)}: ${spaced(value)}`,
    );
    lines.push(`"subresources": {\n${subs.join(",\n")}\n      }`);
  }
  return `    ${JSON.stringify(name)}: {\n      ${lines.join(",\n      ")}\n    }`;
}

function spaced(value: object): string {
  return `{ ${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${JSON.stringify(item)}`)
    .join(", ")} }`;
}
