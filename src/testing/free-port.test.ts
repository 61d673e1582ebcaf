import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { freePort } from "./free-port.ts";

test("a free port is none that the kernel gives to whoever connects, and is not given twice", async () => {
  const [firstOfKernel] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split(/\s+/);
  const ports: number[] = [];
  while (ports.length < 50) ports.push(await freePort());
  for (const port of ports) assert.ok(port > 1_023 && port < Number(firstOfKernel), String(port));
  assert.equal(new Set(ports).size, ports.length);
});
