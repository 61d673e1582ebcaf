import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  configMapKey,
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  labelKey,
  labelValueRule,
  pathSegment,
  portNameRule,
} from "./names.ts";

function accepts(rule: (name: string) => string[], good: readonly string[], bad: readonly string[]): void {
  for (const name of good) assert.deepEqual(rule(name), [], name);
  for (const name of bad) assert.notEqual(rule(name).length, 0, name);
}

test("names are told apart as RFC 1123 and RFC 1035 say", () => {
  accepts(dnsLabel, ["a", "0", "web-1", "a".repeat(63)], ["", "-a", "a-", "A", "a.b", "a_b", "a".repeat(64)]);
  accepts(dnsSubdomain, ["a", "a.b", "1.2"], ["", ".a", "a.", "a..b", "A.b", "a".repeat(254)]);
  accepts(dns1035Label, ["a", "web-1"], ["1web", "", "a.b"]);
  accepts(pathSegment, ["system:node", "a b"], [".", "..", "a/b", "a%b"]);
});

test("keys and values of labels", () => {
  accepts(
    labelKey,
    ["app", "app.kubernetes.io/name", "A_b.c-d"],
    ["", "/a", "a/", "a/b/c", "-a", "a".repeat(64), "A/b"],
  );
  accepts(labelValueRule, ["", "a", "A_b.c-d"], ["-a", "a ", "a".repeat(64), "a/b"]);
});

test("keys of config maps never leave their directory, ports have letters", () => {
  accepts(configMapKey, ["a", "A.b_c-d", ".hidden"], ["", ".", "..", "..a", "a/b", "a b"]);
  accepts(portNameRule, ["http", "h2"], ["", "80", "a--b", "-a", "a-", "HTTP", "a".repeat(16)]);
});

test("a complaint says the rule and gives examples, in Kubernetes' words", () => {
  assert.deepEqual(dnsLabel("A"), [
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ]);
});

test("no rule takes long over a hostile name", () => {
  fc.assert(
    fc.property(fc.constantFrom("a-", "a.", "-", "."), (part) => {
      const name = part.repeat(50_000);
      for (const rule of [dnsLabel, dnsSubdomain, labelKey, labelValueRule])
        assert.notEqual(rule(`${name}!`).length, 0);
    }),
    { numRuns: 4 },
  );
});
