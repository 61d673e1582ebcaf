import assert from "node:assert/strict";
import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { silentLogger, systemClock } from "#base";
import { createHost } from "#host";
import { installPackages } from "#scaffold";
import { eventually } from "./eventually.ts";
import { kill, pidsOf } from "./faults.ts";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/**
 * A client on the chassis, in a pod, finds the pods of a headless service by EndpointSlices and by DNS, and calls them all the time. Whatever happens to them, no call of it fails.
 */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await machine.up();
  await buildCrew();
  await run("apply -f -", await readFile(join(import.meta.dirname, "crew/access.yaml"), "utf8"));
  for (const name of ["crew-0", "crew-1", "crew-2"]) await run("apply -f -", pod(name, { app: "crew" }));
  await run("apply -f -", pod("caller", {}));
  await run("wait pod --all --for=condition=Ready --timeout=60s");
});

const { run, get } = typing(machine);
const kinds = ["kubernetes", "dns"] as const;

test("all of them are found and called in turn", async () => {
  await everybodyKnows("crew-0", "crew-1", "crew-2");
});

test("one that is killed is known no more", async () => {
  await killProcessOf("crew-0");
  await everybodyKnows("crew-1", "crew-2");
});

test("one that says that it is not ready is known no more, though it would answer", async () => {
  const { podIP } = (await get("pod crew-1")).status;
  await machine.run("curl", ["-sS", "--fail", "-X", "POST", `http://${podIP}:8080/fall-ill`]);
  await everybodyKnows("crew-2");
});

test("what changes after the API server was killed is heard all the same", async () => {
  const before = (await pidsOf(machine)).get("control-plane");
  await kill(machine, "control-plane");
  await eventually("another API server answers", async () => {
    const now = (await pidsOf(machine)).get("control-plane");
    if (now === undefined || now === before) return false;
    return (await machine.kubectlWith({ mayFail: true }, "get", "--raw", "/readyz")).code === 0;
  });
  await run("apply -f -", pod("crew-3", { app: "crew" }));
  await everybodyKnows("crew-2", "crew-3");
});

test("no call has failed, in all of that", async () => {
  const account = await accountOfCaller();
  for (const kind of kinds) {
    assert.deepEqual(account[kind].failures, [], kind);
    assert.ok(account[kind].answered > 100, `only ${account[kind].answered} calls were made by ${kind}`);
  }
});

/** What `caller.ts` tells. */
interface Account {
  readonly known: readonly string[];
  readonly answering: readonly string[];
  readonly answered: number;
  readonly failures: readonly string[];
}

async function accountOfCaller(): Promise<Record<(typeof kinds)[number], Account>> {
  const { podIP } = (await get("pod caller")).status;
  return JSON.parse((await machine.run("curl", ["-sS", "--fail", `http://${podIP}:8080/account`])).stdout);
}

/** Resolves when both registries know these and nobody else, and these alone have answered of late. */
async function everybodyKnows(...names: string[]): Promise<void> {
  let seen: object = {};
  await eventually(`the caller knows ${names} and nobody else`, async () => {
    const account = await accountOfCaller();
    const addresses = await addressesOf(names);
    seen = { addresses, ...account };
    return kinds.every((kind) => {
      const known = account[kind].known.map(addressIn).toSorted();
      return String(known) === String(addresses) && String(account[kind].answering) === String(names);
    });
  }).catch((error) => assert.fail(`${error.message}: ${JSON.stringify(seen)}`));
}

async function addressesOf(names: readonly string[]): Promise<string[]> {
  const addresses = await Promise.all(names.map(async (name) => (await get(`pod ${name}`)).status.podIP));
  return addresses.toSorted();
}

/** A pod's name in DNS is its address with hyphens. */
function addressIn(host: string): string {
  return (/^\d+([-.]\d+){3}/.exec(host)?.[0] ?? host).replaceAll("-", ".");
}

/** As the machine's kernel does when memory is short. */
async function killProcessOf(name: string): Promise<void> {
  const { uid } = (await get(`pod ${name}`)).metadata;
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const [cgroup, command] = await Promise.all(
      ["cgroup", "cmdline"].map((file) => readFile(join("/proc", entry, file), "utf8").catch(() => "")),
    );
    if (cgroup?.includes(uid) && command?.includes("member.ts"))
      return void process.kill(Number(entry), "SIGKILL");
  }
  assert.fail(`no process of ${name} runs`);
}

async function buildCrew(): Promise<void> {
  const directory = join(machine.directory, "crew");
  await machine.nacre("new", "service", "crew", "--directory", directory, "--no-install");
  await installPackages(createHost({ clock: systemClock, logger: silentLogger }), directory);
  await cp(join(import.meta.dirname, "crew"), directory, { recursive: true });
  await machine.nacre("build", directory, "-t", "crew:v1");
}

/** A pod that is not started again when it is gone: of the crew when it has that label, else the caller. */
function pod(name: string, labels: Readonly<Record<string, string>>): string {
  const container = {
    name: "main",
    image: "crew:v1",
    args: ["app" in labels ? "member.ts" : "caller.ts"],
    ports: [{ name: "http", containerPort: 8080 }],
    readinessProbe: { httpGet: { path: "/readyz", port: "http" }, periodSeconds: 1, timeoutSeconds: 3 },
  };
  const spec = {
    restartPolicy: "Never",
    enableServiceLinks: false,
    containers: [container],
    ...("app" in labels ? {} : { serviceAccountName: "caller" }),
  };
  return JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name, labels }, spec });
}
