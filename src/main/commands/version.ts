import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, formatOf, formatted, outputOption } from "#cli";

/** The version of Nacre, of Node, and of the Kubernetes API that is served. */
export const versionCommand: Command = {
  name: "version",
  summary: "print the version",
  usage: "",
  options: outputOption,
  examples: [{ line: "nacre version", what: "Nacre, Node and the API" }],
  async run(invocation) {
    const path = join(import.meta.dirname, "../../../package.json");
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version: string };
    const versions = { nacre: version, node: process.versions.node, kubernetes: "1.36" };
    const format = formatOf(invocation);
    const sentence = `nacre ${version} (Kubernetes API ${versions.kubernetes}, Node ${versions.node})\n`;
    invocation.output.out(format === "table" ? sentence : formatted(versions, format));
    return 0;
  },
};
