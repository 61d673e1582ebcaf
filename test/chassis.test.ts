import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { installPackages } from "#scaffold";
import { eventually } from "./eventually.ts";
import { importHello } from "./images.ts";
import { assertUnbroken, loadFromHost, loadFromPod } from "./load.ts";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** Services as `nacre new` makes them, built and deployed as their READMEs say. They know nothing of the cluster that they run in. */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await machine.up();
  // Load from a pod comes from this image.
  await importHello(machine);
  await deployNew("greeter");
});

const { run, get } = typing(machine);

test("it is found by its name, and answers everybody while every pod of it is replaced", async () => {
  const host = await loadFromHost(machine, { perSecond: 100, urls: [await address("/hello/Ada")] });
  const pod = await loadFromPod(machine, "load", { perSecond: 100, urls: ["http://greeter/hello/Ada"] });
  await replaceEveryPod("greeter");
  for (const load of [host, pod]) assertUnbroken(await load.finish(), 200);
});

test("connections to it that are kept and rarely used are not cut off when its pods go", async () => {
  // Each is idle for three seconds at a time.
  const load = await loadFromHost(machine, {
    perSecond: 50,
    connections: 75,
    urls: [await address("/hello/Ada")],
  });
  await replaceEveryPod("greeter");
  assertUnbroken(await load.finish(), 200);
});

test("what kubectl edit changes in its ConfigMap is its configuration, and no pod of it was started anew", async () => {
  const pods = async () => run("get pods -l app=greeter -o jsonpath={.items[*].metadata.uid}");
  const before = await pods();
  assert.match(await greeting(), /Hello, Ada/);
  const environment = { KUBE_EDITOR: "sed -i s/Hello/Moin/" };
  await machine.kubectlWith({ environment }, "edit", "configmap", "greeter");
  const { items } = await get("pods -l app=greeter");
  for (const { status } of items) {
    const url = `http://${status.podIP}:8080/hello/Ada`;
    await eventually("each pod has the new greeting", async () => /Moin, Ada/.test(await ask(url)));
  }
  assert.equal(await pods(), before);
  assert.deepEqual(
    items.map(({ status }: { status: { containerStatuses: { restartCount: number }[] } }) =>
      status.containerStatuses.map(({ restartCount }) => restartCount),
    ),
    [[0], [0]],
  );
});

test("a self-contained one shows its page, and keeps what is written while its pod is replaced", async () => {
  await deployNew("notes", "--scs");
  const { clusterIP } = (await get("service notes")).spec;
  assert.match(await ask(`http://${clusterIP}/`), /<title>notes<\/title>/);
  const json = "content-type: application/json";
  await machine.run("curl", [
    "-sS",
    "--fail",
    `http://${clusterIP}/notes`,
    "-H",
    json,
    "-d",
    '{"text":"kept"}',
  ]);
  await replaceEveryPod("notes");
  assert.match(await ask(`http://${clusterIP}/notes`), /"text":"kept"/);
});

async function deployNew(name: string, ...options: string[]): Promise<void> {
  const directory = join(machine.directory, name);
  await machine.nacre("new", "service", name, "--directory", directory, "--no-install", ...options);
  // The machine of the test has no way to a registry.
  await installPackages(createHost({ clock: systemClock, logger: silentLogger }), directory);
  await machine.nacre("build", directory, "-t", `${name}:v1`);
  await run("apply -f -", await readFile(join(directory, "manifest.yaml"), "utf8"));
  await run(`rollout status deployment/${name} --timeout=60s`);
}

async function address(path: string): Promise<string> {
  const { clusterIP } = (await get("service greeter")).spec;
  return `http://${clusterIP}${path}`;
}

async function greeting(): Promise<string> {
  return ask(await address("/hello/Ada"));
}

async function ask(url: string): Promise<string> {
  return (await machine.run("curl", ["-sS", "--fail", url])).stdout;
}

async function replaceEveryPod(name: string): Promise<void> {
  const before = await run(`get pods -l app=${name} -o name`);
  await run(`rollout restart deployment/${name}`);
  await run(`rollout status deployment/${name} --timeout=60s`);
  await run(`wait ${before.replaceAll("\n", " ")} --for=delete --timeout=60s`);
}
