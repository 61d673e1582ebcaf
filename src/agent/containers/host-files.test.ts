import assert from "node:assert/strict";
import { test } from "node:test";
import type { Pod } from "#api";
import { hostsFile, namesOnlyLoopback, resolvConf } from "./host-files.ts";

const pod = (spec: object): Pod => ({
  metadata: { name: "web", namespace: "shop" },
  spec: { containers: [], ...spec },
});
const dns = { address: "10.96.0.10", domain: "example.org" };
const own = "nameserver 192.0.2.53\nsearch lan\noptions timeout:1\n";

test("a subdomain's full name ends with the cluster's own domain", () => {
  const text = hostsFile(pod({ subdomain: "them" }), "me", "example.org", ["10.244.0.2", "fd00::2"]);
  assert.match(text, /^10\.244\.0\.2\tme\.them\.shop\.svc\.example\.org\tme$/m);
  assert.match(text, /^fd00::2\tme\.them/m);
});

test("the cluster's resolver first, the machine's for those who want it, none for those who bring their own", () => {
  assert.equal(
    resolvConf(pod({}), dns, own),
    "search shop.svc.example.org svc.example.org example.org lan\nnameserver 10.96.0.10\noptions ndots:5\n",
  );
  const machines = "search lan\nnameserver 192.0.2.53\noptions timeout:1\n";
  assert.equal(resolvConf(pod({ dnsPolicy: "Default" }), dns, own), machines);
  assert.equal(resolvConf(pod({ hostNetwork: true }), dns, own), machines);
  const both = resolvConf(pod({ hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" }), dns, own);
  assert.match(both, /nameserver 10\.96\.0\.10/);
  const dnsConfig = { nameservers: ["192.0.2.1"], options: [{ name: "edns0" }] };
  assert.equal(
    resolvConf(pod({ dnsPolicy: "None", dnsConfig }), dns, own),
    "nameserver 192.0.2.1\noptions edns0\n",
  );
});

test("a resolver on the machine's own loopback is of no use in a pod", () => {
  assert.equal(namesOnlyLoopback("nameserver 127.0.0.53\n"), true);
  assert.equal(namesOnlyLoopback("nameserver 127.0.0.53\nnameserver 192.0.2.1\n"), false);
  assert.equal(namesOnlyLoopback("# nothing\n"), false);
});
