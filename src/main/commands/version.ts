import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, formatted, stringOption } from "#cli";

/** The version of Nacre, of Node, and of the Kubernetes API that is served. */
export const versionCommand: Command = {
  name: "version",
  summary: "print the version",
  usage: "",
  options: {
    output: { type: "string", short: "o", value: "json|yaml", description: "print the result for programs" },
  },
  examples: [{ line: "nacre version", what: "Nacre, Node and the API" }],
  async run(invocation) {
    const path = join(import.meta.dirname, "../../../package.json");
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
    const versions = { nacre: version, node: process.versions.node, kubernetes: "1.36" };
    const format = stringOption(invocation, "output");
    if (format === "json" || format === "yaml") invocation.output.out(formatted(versions, format));
    else
      invocation.output.out(
        `nacre ${version} (Kubernetes API ${versions.kubernetes}, Node ${versions.node})\n`,
      );
    return 0;
  },
};
