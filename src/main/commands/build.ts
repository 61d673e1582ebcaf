import { resolve } from "node:path";
import {
  type Command,
  formatOf,
  formatted,
  listOption,
  outputOption,
  progress,
  size,
  UsageError,
} from "#cli";
import { dataOption, existingCluster, layoutFor, thisMachine } from "../machine.ts";

/** A folder with a TypeScript service becomes an image that pods of this node can use at once. */
export const buildCommand: Command = {
  name: "build",
  summary: "turn a TypeScript service into an image",
  usage: "DIR -t NAME",
  options: {
    ...dataOption,
    tag: {
      type: "string",
      short: "t",
      multiple: true,
      value: "NAME",
      description: "name of the image: shop:v2",
    },
    ...outputOption,
  },
  examples: [
    {
      line: "nacre build examples/hello -t hello:v2",
      what: "Node, dependencies and source as layers; cached",
    },
    { line: "kubectl set image deployment/hello hello=hello:v2", what: "then roll it out" },
  ],
  async run(invocation) {
    const [directory, ...more] = invocation.arguments;
    const names = listOption(invocation, "tag");
    if (directory === undefined || more.length > 0)
      throw new UsageError("nacre build takes one folder: nacre build DIR -t NAME");
    if (names.length === 0) throw new UsageError(`give the image a name: nacre build ${directory} -t NAME`);
    const host = thisMachine();
    const layout = layoutFor(invocation);
    await existingCluster(host, layout);
    const [{ buildImage }, runtime] = await Promise.all([import("#build"), import("#runtime")]);
    const { output, clock } = invocation;
    const unversioned = names.filter((name) => runtime.parseReference(name).tag === "latest");
    const steps = progress(output, clock);
    const image = await steps.step(`Building ${directory}`, () =>
      buildImage({
        host,
        directory: resolve(directory),
        cacheDirectory: `${layout.data}/cache/build`,
        node: process.execPath,
      }),
    );
    await steps.step(`Adding ${names.join(", ")} to this node's images`, async () => {
      const images = await runtime.openImageStore({ host, stateDirectory: layout.runtime, clock });
      await images.importArchive(image.layout, { names });
    });
    for (const name of unversioned) {
      output.note(
        `Note: of ${name} Kubernetes always asks a registry for the latest; give it a version (-t ${name.replace(/:latest$/, "")}:v1), or set imagePullPolicy: IfNotPresent.\n`,
      );
    }
    const format = formatOf(invocation);
    if (format !== "table") {
      output.out(formatted({ id: image.id, names, layers: image.layers }, format));
    } else {
      for (const { what, sizeBytes, cached } of image.layers) {
        output.note(`    ${what.padEnd(12)} ${size(sizeBytes).padStart(10)}${cached ? "  cached" : ""}\n`);
      }
      output.out(`${image.id}\n`);
    }
    return 0;
  },
};
