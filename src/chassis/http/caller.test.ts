import assert from "node:assert/strict";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { AddressSet } from "../addresses.ts";
import { callerOf } from "./caller.ts";

const caller = (proxies: readonly string[], forwarded?: string) =>
  callerOf(
    {
      headers: { "x-forwarded-for": forwarded },
      socket: { remoteAddress: "::ffff:10.0.0.1" },
    } as unknown as IncomingMessage,
    new AddressSet(proxies),
  );

test("behind proxies a caller is whom the outermost of ours has seen, whatever a stranger has written before", () => {
  assert.equal(caller([], "1.1.1.1"), "10.0.0.1");
  assert.equal(caller(["10.0.0.1"], "6.6.6.6, 1.1.1.1"), "1.1.1.1");
  assert.equal(caller(["10.0.0.0/24"], "6.6.6.6, 1.1.1.1,10.0.0.2"), "1.1.1.1");
  assert.equal(caller(["10.0.0.1"]), "10.0.0.1", "a proxy may ask for itself");
  assert.equal(caller(["10.0.0.2"], "1.1.1.1"), "10.0.0.1", "who comes past the proxies is who it is");
});

test("as many blanks as a stranger likes are read once: by a pattern a megabyte of them takes half an hour", () => {
  assert.equal(caller(["10.0.0.1"], `6.6.6.6${" ".repeat(1024 * 1024)}6, 1.1.1.1`), "1.1.1.1");
});
