import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "./eventually.ts";
import { createSystemdMachine, lacksSystemd, type SystemdMachine } from "./systemd-machine.ts";

const programs = ["control-plane", "agent", "controllers", "dns"] as const;
const unit = (program: string) => `nacre-shop-${program}.service`;

interface Status {
  readonly programs: readonly { readonly name: string; readonly running: boolean; readonly pid?: number }[];
  readonly pods?: { readonly running: number; readonly total: number };
}

describe("where systemd is process 1", { skip: lacksSystemd() ?? false }, () => {
  let machine: SystemdMachine;

  before(async () => {
    machine = await createSystemdMachine();
    await machine.nacre("up", "--yes", "--name", "shop", "--example", "hello");
  });
  after(() => machine.remove());

  const status = async (): Promise<Status> => {
    const { stdout } = await machine.run("sh", [nacre, "status", "-o", "json"], { mayFail: true });
    return JSON.parse(stdout) as Status;
  };
  const helloAnswers = async () =>
    (await machine.run("curl", ["-sf", "-m1", "http://127.0.0.1:30080"], { mayFail: true })).code === 0;
  const conmons = async () => (await machine.run("pgrep", ["-x", "conmon"])).stdout;

  test("each program is a unit, whose process status names", async () => {
    for (const { name, running, pid } of (await status()).programs) {
      assert.ok(running, `${name} runs`);
      assert.equal(await machine.systemctl("show", "-P", "MainPID", unit(name)), String(pid));
      assert.equal(await machine.systemctl("is-active", unit(name)), "active");
    }
    assert.equal(await machine.systemctl("is-enabled", "nacre-shop.target"), "enabled");
  });

  test("systemd has nothing to say against the units", async () => {
    const result = await machine.run("systemd-analyze", [
      "verify",
      "nacre-shop.target",
      ...programs.map(unit),
    ]);
    assert.doesNotMatch(result.stdout + result.stderr, /nacre-/);
  });

  test("a second up changes nothing", async () => {
    const files = async () =>
      (await machine.run("sh", ["-c", "stat -c '%n %Y %i' /etc/systemd/system/*"])).stdout;
    const [processes, written] = [await status(), await files()];
    const { stdout } = await machine.nacre("up", "--yes", "-o", "json");
    assert.equal((JSON.parse(stdout) as { changed: boolean }).changed, false);
    assert.deepEqual((await status()).programs, processes.programs);
    assert.equal(await files(), written);
  });

  test("a killed agent comes back, and the containers never noticed", async () => {
    const containers = await conmons();
    const agent = await machine.systemctl("show", "-P", "MainPID", unit("agent"));
    await machine.run("kill", ["-KILL", agent]);
    assert.ok(await helloAnswers());
    await eventually("the agent runs again", async () => {
      const now = await machine.systemctl("show", "-P", "MainPID", unit("agent"));
      return now !== "0" && now !== agent;
    });
    assert.equal(await conmons(), containers);
  });

  test("what one does by hand with systemctl leaves containers alone too", async () => {
    const containers = await conmons();
    await machine.systemctl("restart", "nacre-shop.target");
    await eventually("all pods run", async () => {
      const { pods } = await status();
      return pods !== undefined && pods.running === 3;
    });
    assert.equal(await conmons(), containers);
  });

  test("after a reboot the cluster is there without anybody", async () => {
    await machine.reboot();
    await eventually("hello answers", helloAnswers);
    await eventually("all pods run", async () => (await status()).pods?.running === 3);
  });

  test("down stops the programs and a reboot leaves them stopped", async () => {
    await machine.nacre("down");
    assert.ok((await status()).programs.every(({ running }) => !running));
    await machine.reboot();
    assert.equal(await machine.systemctl("is-enabled", "nacre-shop.target"), "disabled");
    assert.ok((await status()).programs.every(({ running }) => !running));
  });

  test("in a network that is not systemd's, our own supervisor starts the programs", async () => {
    const commands = [`sh ${nacre} up --yes`, `sh ${nacre} status`, `sh ${nacre} down`].join(" && ");
    const { stdout } = await machine.run("unshare", ["--net", "sh", "-c", `ip link set lo up; ${commands}`]);
    assert.match(stdout, /dns +\d+ +running/);
    assert.equal(await machine.systemctl("is-active", unit("dns")), "inactive");
  });

  test("a purge leaves no unit", async () => {
    await machine.nacre("up", "--yes");
    assert.equal(await machine.systemctl("is-active", unit("dns")), "active");
    await machine.nacre("down", "--purge", "--yes");
    const { stdout } = await machine.run("find", ["/etc/systemd/system", "-name", "*nacre*"]);
    assert.equal(stdout, "");
    assert.equal(await machine.systemctl("list-units", "--all", "--plain", "--no-legend", "nacre-shop*"), "");
  });
});

const nacre = new URL("../bin/nacre", import.meta.url).pathname;
