import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointSliceKind } from "./endpoint-slice.ts";
import { endpointsKind } from "./endpoints.ts";
import { whySpecial } from "./special-address.ts";

test("addresses that mean the machine itself, or whoever is on its link, are named", () => {
  const special = (addresses: readonly string[], why: RegExp) => {
    for (const address of addresses) assert.match(whySpecial(address) ?? "", why, address);
  };
  special(["0.0.0.0", "::", "0:0:0:0:0:0:0:0"], /unspecified/);
  special(["127.0.0.1", "127.9.9.9", "::1", "0:0:0:0:0:0:0:1"], /loopback/);
  special(["169.254.169.254", "fe80::1", "FEBF::1"], /link-local range/);
  special(["224.0.0.1", "ff02::1"], /multicast/);
  for (const address of ["10.244.0.1", "12.7.0.1", "224.0.1.1", "2001:db8::1", "::2", "1::1"]) {
    assert.equal(whySpecial(address), undefined, address);
  }
});

test("no service can be led to them by hand", () => {
  const metadata = { name: "web", namespace: "shop" };
  const loopback = 'Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)';
  const slice = { metadata, addressType: "IPv4", endpoints: [{ addresses: ["127.0.0.1"] }] };
  const subsets = [{ addresses: [{ ip: "127.0.0.1" }] }];
  const complaints = [
    ...endpointSliceKind.validateCreate(slice),
    ...endpointsKind.validateCreate({ metadata, subsets }),
  ].map(({ field, message }) => `${field}: ${message}`);
  assert.deepEqual(complaints, [
    `endpoints[0].addresses[0]: ${loopback}`,
    `subsets[0].addresses[0].ip: ${loopback}`,
  ]);
});
