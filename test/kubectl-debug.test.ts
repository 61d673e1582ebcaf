import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { upWithBusybox } from "./images.ts";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** Looking into a pod that runs, with the unmodified kubectl. */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await upWithBusybox(machine);
  await run("run web --image=busybox:1 --command -- sleep 3600");
  await run("wait pod/web --for=condition=Ready --timeout=30s");
});

const { run, fails, get, startInTerminal } = typing(machine);

test("debug gives a shell beside a container, among its processes", async () => {
  const visiting = await startInTerminal("debug -it web --image=busybox:1 --target=web -c look -- sh");
  await visiting.printed(/# /);
  visiting.type("tr '\\0' ' ' </proc/1/cmdline; echo; ls /proc/1/root/bin/sleep; exit\n");
  await visiting.printed(/\nsleep 3600 \r\n\/proc\/1\/root\/bin\/sleep/);
  await visiting.ended;
  await run(
    "wait pod/web --for=jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.exitCode}=0",
  );
  const text = await run("describe pod web");
  assert.match(text, /Ephemeral Containers:\n +look:\n/);
  assert.match(text, /Normal +Started .* Started container look/);
  assert.match(await run("get pod web"), /web +1\/1 +Running +0 /);
});

test("a debugging container has logs, takes commands, and runs once", async () => {
  const script = "mkfifo /tmp/in; echo hello from $HOSTNAME; read line </tmp/in; exit 3";
  await run(`debug web --image=busybox:1 -c stay --profile=general -- sh -c '${script}'`);
  // By its name: kubectl gives up on the second of a list that has only one yet.
  const state = '{.status.ephemeralContainerStatuses[?(@.name=="stay")].state';
  await run(`wait pod/web '--for=jsonpath=${state}.running}' --timeout=30s`);
  assert.equal(await run("logs web -c stay"), "hello from web");
  assert.equal(await run("exec web -c stay -- echo here"), "here");
  await run("exec web -c stay -- sh -c 'echo go >/tmp/in'");
  await run(`wait pod/web '--for=jsonpath=${state}.terminated.exitCode}=3'`);
  const { ephemeralContainerStatuses, containerStatuses } = (await get("pod web")).status;
  assert.equal(ephemeralContainerStatuses[1].restartCount, 0);
  assert.equal(containerStatuses[0].ready, true);
});

test("what was added cannot be changed, and a name is taken once", async () => {
  assert.match(
    await fails("debug web --image=busybox:1 -c web -- true"),
    /Invalid|already exists|Duplicate/i,
  );
  assert.match(await fails("debug web --image=busybox:1 --target=nobody -- true"), /nobody/);
});

test("in a pod that shares its processes everybody sees everybody, and the pause process", async () => {
  const overrides = '{"spec":{"shareProcessNamespace":true}}';
  await run(`run shared --image=busybox:1 --overrides='${overrides}' --command -- sleep 3600`);
  await run("wait pod/shared --for=condition=Ready --timeout=30s");
  await run("debug shared --image=busybox:1 -c look -- sleep 3601");
  await run(
    "wait pod/shared --for=jsonpath={.status.ephemeralContainerStatuses[0].state.running} --timeout=30s",
  );
  assert.match(await run("exec shared -c look -- ps"), /1 65535 +\/pause\n.*sleep 3600\n.*sleep 3601/);
  await run("delete pod shared --grace-period=1 --timeout=30s");
});

test("debug of a node gives a pod on the machine's own processes and files", async () => {
  const node = await run("get node -o jsonpath={.items[0].metadata.name}");
  const line = `debug node/${node} -it --image=busybox:1 --profile=general -- sh`;
  const visiting = await startInTerminal(line);
  const name = await visiting.printed(/debugging pod (\S+)/);
  await visiting.printed(/# /);
  visiting.type("ls -d /host/etc/passwd; exit\n");
  await visiting.printed(/\n\/host\/etc\/passwd\r\n/);
  await visiting.ended;
  await run(`delete pod ${name} --grace-period=1 --timeout=30s`);
});

test("debugging containers end with their pod", async () => {
  await run("delete pod web --grace-period=1 --timeout=30s");
  assert.match(await fails("get pod web"), /"web" not found/);
});
