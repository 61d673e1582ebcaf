import { join, resolve } from "node:path";
import { type Command, flag, progress, stringOption, UsageError } from "#cli";
import { thisMachine } from "../machine.ts";

/** Nacre's own folder: source, templates, compiler. */
const root = join(import.meta.dirname, "../../..");

/** A folder to write a service in: it starts, is tested, becomes an image and is deployed as it is. */
export const newCommand: Command = {
  name: "new",
  summary: "make the folder of a new service",
  usage: "service NAME",
  options: {
    scs: { type: "boolean", description: "a self-contained one, with its page and what it keeps" },
    directory: { type: "string", value: "DIR", description: "where to make it (default ./NAME)" },
    "no-install": { type: "boolean", description: "leave npm install to you" },
  },
  examples: [
    { line: "nacre new service greeter", what: "then: cd greeter && npm start" },
    { line: "nacre new service notes --scs", what: "with a page of its own" },
  ],
  async run(invocation) {
    const [what, name, ...more] = invocation.arguments;
    if (what !== "service" || name === undefined || more.length > 0)
      throw new UsageError("nacre new makes services: nacre new service NAME");
    const { canPack, installCompiler, installPackages, newService } = await import("#scaffold");
    const { output, clock, environment, signal } = invocation;
    const host = thisMachine();
    const steps = progress(output, clock);
    const said = stringOption(invocation, "directory", name);
    const directory = resolve(said);
    const template = flag(invocation, "scs") ? "scs" : "service";
    if (!(await canPack(host, root)))
      await steps.step(`Installing the compiler in ${root}`, () => installCompiler(host, root, { signal }));
    await steps.step(`Making ${said}, with @nacre/chassis packed into it`, () =>
      newService({ host, root, name, template, directory }),
    );
    const install = !flag(invocation, "no-install");
    if (install)
      await steps.step("Installing its packages", () => installPackages(host, directory, { signal }));
    // The first of the next lines goes to another folder, where a relative path would lead elsewhere.
    const command = environment.NACRE_COMMAND ?? "nacre";
    const nacre = command.includes("/") ? resolve(command) : command;
    const next = [
      `cd ${said}`,
      ...(install ? [] : ["npm install"]),
      "npm start",
      "npm test",
      `${nacre} build . -t ${name}:v1 && kubectl apply -f manifest.yaml`,
    ];
    output.out(`${next.map((line) => `  ${line}`).join("\n")}\n`);
    return 0;
  },
};
