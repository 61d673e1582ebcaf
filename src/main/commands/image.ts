import { resolve } from "node:path";
import {
  type Command,
  formatOf,
  formatted,
  type Invocation,
  listOption,
  outputOption,
  size,
  table,
  UsageError,
} from "#cli";
import type { LocalImageStore } from "#runtime";
import { dataOption, existingCluster, layoutFor, thisMachine } from "../machine.ts";

/** The images of this node. */
export const imageCommand: Command = {
  name: "image",
  summary: "list, import, tag and remove this node's images",
  usage: "list | import FILE | tag IMAGE NAME | remove IMAGE",
  options: {
    ...dataOption,
    tag: {
      type: "string",
      short: "t",
      multiple: true,
      value: "NAME",
      description: "name for what is imported",
    },
    ...outputOption,
  },
  examples: [
    { line: "nacre image list", what: "what is here" },
    { line: "docker save shop:v1 -o shop.tar && nacre image import shop.tar", what: "from another builder" },
    { line: "nacre image remove shop:v1", what: "the name, and what nobody else names or uses" },
  ],
  async run(invocation) {
    const [action, ...rest] = invocation.arguments;
    const host = thisMachine();
    const layout = layoutFor(invocation);
    await existingCluster(host, layout);
    const { openImageStore } = await import("#runtime");
    const images = await openImageStore({ host, stateDirectory: layout.runtime, clock: invocation.clock });
    switch (action) {
      case "list":
        if (rest.length > 0) throw new UsageError("nacre image list");
        return list(invocation, images);
      case "import":
        return importFile(invocation, images, only(rest, "nacre image import FILE"));
      case "tag": {
        const [reference, name, ...more] = rest;
        if (reference === undefined || name === undefined || more.length > 0)
          throw new UsageError("nacre image tag IMAGE NAME");
        await images.tag(reference, name);
        return 0;
      }
      case "remove":
        await images.remove(only(rest, "nacre image remove IMAGE"));
        return 0;
      default:
        throw new UsageError(
          `nacre image takes list, import, tag or remove${action ? `, not "${action}"` : ""}`,
        );
    }
  },
};

async function list(invocation: Invocation, images: LocalImageStore): Promise<number> {
  const all = await images.list();
  const format = formatOf(invocation);
  if (format !== "table") {
    invocation.output.out(
      formatted(
        all.map(({ id, names, sizeBytes }) => ({ id, names, sizeBytes })),
        format,
      ),
    );
    return 0;
  }
  const rows = all.flatMap(({ id, names, sizeBytes }) =>
    (names.length > 0 ? names : ["<none>"]).map((name) => [name, id.slice(7, 19), size(sizeBytes)]),
  );
  invocation.output.out(table(["NAME", "ID", "SIZE"], rows));
  return 0;
}

async function importFile(invocation: Invocation, images: LocalImageStore, path: string): Promise<number> {
  const names = listOption(invocation, "tag");
  const imported = await images.importArchive(resolve(path), names.length > 0 ? { names } : {});
  for (const image of imported) invocation.output.out(`${image.names.join(", ") || image.id}\n`);
  return 0;
}

function only(rest: readonly string[], usage: string): string {
  const [value, ...more] = rest;
  if (value === undefined || more.length > 0) throw new UsageError(usage);
  return value;
}
