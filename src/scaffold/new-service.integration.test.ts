import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { installPackages } from "./install-packages.ts";
import { newService, type Template } from "./new-service.ts";

const host = createHost({ clock: systemClock, logger: silentLogger });
const root = join(import.meta.dirname, "../..");
const place = await mkdtemp(join(tmpdir(), "nacre-test-new-"));
after(() => rm(place, { recursive: true }));

const make = (name: string, template: Template = "service") =>
  newService({ host, root, name, template, directory: join(place, name) });

for (const template of ["service", "scs"] as const) {
  test(`a new ${template} passes its own tests and the compiler, under its name alone`, async () => {
    const directory = join(place, `fresh-${template}`);
    await make(`fresh-${template}`, template);
    const files = await readdir(directory, { recursive: true, withFileTypes: true });
    for (const { name, parentPath } of files.filter((entry) => entry.isFile() && !/\.tgz$/.test(entry.name)))
      assert.doesNotMatch(await readFile(join(parentPath, name), "utf8"), /new-service/, name);

    await installPackages(host, directory);
    const environment = { NODE_TEST_CONTEXT: "", FORCE_COLOR: "0" };
    for (const script of ["test", "check"]) {
      const { exitCode, stdout, stderr } = await host.run({
        program: "npm",
        arguments: ["run", script],
        directory,
        environment,
        timeoutMs: 120_000,
        allowFailure: true,
      });
      assert.equal(exitCode, 0, `npm run ${script}: ${stdout}${stderr}`);
    }
  });
}

test("a name that Kubernetes would not take is refused, and so is a folder with something in it", async () => {
  for (const name of ["Shop", "7up", "a-", "a_b", "", "x".repeat(41), "../x"])
    await assert.rejects(make(name), /cannot call a service/, name);
  await mkdir(join(place, "taken/inside"), { recursive: true });
  await assert.rejects(make("taken"), /taken: it is there already; choose another name/);
  assert.deepEqual(await readdir(join(place, "taken")), ["inside"]);
});
