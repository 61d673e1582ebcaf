import assert from "node:assert/strict";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { test } from "node:test";
import fc from "fast-check";
import { AddressSet } from "../../addresses.ts";
import { requestHeaders } from "./headers.ts";

const via = "nacre-1";
const trusted = new AddressSet(["10.0.0.0/24"]);

function from(remoteAddress: string, headers: IncomingHttpHeaders): IncomingMessage {
  return { headers, httpVersion: "1.1", socket: { remoteAddress } } as IncomingMessage;
}

const framed = ["host", "content-length", "via", "x-forwarded-for"];
const names = fc.constantFrom(
  ...framed,
  "connection",
  "keep-alive",
  "te",
  "upgrade",
  "expect",
  "cookie",
  "a",
);

test("whatever `connection` names, a body keeps its frame and the router its say; what is about the connection is gone", () => {
  fc.assert(
    fc.property(fc.array(names), fc.boolean(), (named, upperCase) => {
      const list = named.join(upperCase ? " , " : ",");
      const headers = {
        host: "shop",
        "content-length": "7",
        te: "trailers",
        upgrade: "h2c",
        expect: "100-continue",
        cookie: "c",
        a: "b",
        connection: upperCase ? list.toUpperCase() : list,
      };
      const told = requestHeaders(from("10.9.9.9", headers), { trusted, via });
      assert.deepEqual(
        framed.map((name) => told[name]),
        ["shop", "7", "1.1 nacre-1", "10.9.9.9"],
      );
      for (const name of ["connection", "te", "upgrade", "expect"]) assert.equal(told[name], undefined, name);
      for (const name of ["cookie", "a"] as const) assert.equal(name in told, !named.includes(name), name);
    }),
  );
});

test("as many blanks in `connection` as a stranger likes are read once: by a pattern a megabyte of them takes half an hour", () => {
  const connection = `a${" ".repeat(1024 * 1024)}b, cookie`;
  const told = requestHeaders(from("10.9.9.9", { connection, cookie: "c" }), { trusted, via });
  assert.equal(told.cookie, undefined);
});
