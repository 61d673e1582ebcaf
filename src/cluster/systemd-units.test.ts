import assert from "node:assert/strict";
import { test } from "node:test";
import { must } from "#base";
import { allPrograms, layoutOf } from "./layout.ts";
import { runningOf } from "./systemd-supervisor.ts";
import { unitsOf } from "./systemd-units.ts";

function texts(data = "/var/lib/nacre", argument = "--flag"): ReadonlyMap<string, string> {
  const commands = allPrograms.map((name) => ({
    name,
    node: "/opt/node",
    arguments: [argument, `/opt/nacre/${name}.ts`, data],
    environment: { PATH: "/usr/bin:/bin" },
  }));
  return unitsOf(layoutOf(data), "shop", commands);
}

const agent = (units: ReadonlyMap<string, string>) =>
  must(units.get("nacre-shop-agent.service"), "the agent has a unit");

test("a cluster is one target, which is what a boot starts, and a service for each program", () => {
  const units = texts();
  assert.deepEqual(
    [...units.keys()],
    [
      "nacre-shop.target",
      "nacre-shop-control-plane.service",
      "nacre-shop-agent.service",
      "nacre-shop-controllers.service",
      "nacre-shop-dns.service",
      "nacre-shop-fake-nodes.service",
    ],
  );
  const target = must(units.get("nacre-shop.target"), "there is a target");
  assert.match(target, /^WantedBy=multi-user\.target$/m);
  for (const name of allPrograms)
    assert.match(target, new RegExp(`^Wants=.*nacre-shop-${name}\\.service`, "m"));
});

test("every unit says whose it is and that it is made", () => {
  for (const text of texts("/srv/b").values()) assert.match(text, /^# Made by nacre up .* in \/srv\/b; /);
});

test("a program is started again for ever, and told to end before it is killed", () => {
  for (const [name, text] of texts()) {
    if (!name.endsWith(".service")) continue;
    assert.match(text, /^Restart=always$/m);
    assert.match(text, /^StartLimitIntervalSec=0$/m);
    assert.match(text, /^TimeoutStopSec=10s$/m);
    assert.match(text, /^PartOf=nacre-shop\.target$/m);
  }
});

test("only the agent's children outlive it: they watch containers", () => {
  const units = texts();
  assert.match(agent(units), /^KillMode=process$/m);
  assert.match(agent(units), /^Delegate=yes$/m);
  for (const name of ["control-plane", "controllers", "dns", "fake-nodes"]) {
    assert.doesNotMatch(must(units.get(`nacre-shop-${name}.service`), name), /KillMode|Delegate/);
  }
});

test("DNS is given the processor before others", () => {
  const units = texts();
  const dns = must(units.get("nacre-shop-dns.service"), "DNS has a unit");
  assert.match(dns, /^Nice=-10\nCPUWeight=1000$/m);
  assert.match(agent(units), /^Nice=0\nCPUWeight=100$/m);
});

test("paths with spaces, percents, quotes and dollars reach the program as they are", () => {
  const unit = agent(texts('/srv/my 50% "data"', "--cost=$5"));
  assert.match(unit, /^RequiresMountsFor="\/srv\/my 50%% \\"data\\""$/m);
  assert.match(unit, /^StandardOutput=truncate:\/srv\/my 50%% "data"\/logs\/agent\.out$/m);
  assert.match(
    unit,
    /^ExecStart=\/opt\/node "--cost=\$\$5" \/opt\/nacre\/agent\.ts "\/srv\/my 50%% \\"data\\""$/m,
  );
});

test("a unit that waits for its restart runs, without a process; one that stopped does not", () => {
  const shown = [
    "Id=nacre-shop-control-plane.service\nActiveState=active\nMainPID=12\n",
    "Id=nacre-shop-agent.service\nActiveState=activating\nMainPID=0\n",
    "Id=nacre-shop-controllers.service\nActiveState=deactivating\nMainPID=14\n",
    "Id=nacre-shop-dns.service\nActiveState=failed\nMainPID=0\n",
  ].join("\n");
  assert.deepEqual(runningOf("shop", shown), [
    { name: "control-plane", pid: 12 },
    { name: "agent", pid: undefined },
  ]);
});
