import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client, type Problem } from "@nacre/chassis";
import { api } from "./api.ts";
import { newService } from "./service.ts";

const it = newService({
  args: [],
  environment: {
    HOST: "127.0.0.1",
    PORT: "0",
    DRAIN_DELAY: "0ms",
    LOG_LEVEL: "error",
    DATABASE: ":memory:",
    SHOWN: "2",
  },
  ownsProcess: false,
});
before(() => it.start());
after(() => it.stop());

test("notes are kept, and the latest are shown first, as many as the configuration says", async () => {
  const notes = client(api, { baseUrl: it.url });
  for (const text of ["one", "two", "three"])
    assert.equal((await notes.write({ body: { text } })).text, text);
  assert.deepEqual(
    (await notes.list()).map(({ text }) => text),
    ["three", "two"],
  );
});

test("an empty note is refused, and the answer names the field", async () => {
  const notes = client(api, { baseUrl: it.url });
  await assert.rejects(notes.write({ body: { text: "" } }), ({ status, errors }: Problem) => {
    assert.deepEqual([status, errors?.[0]?.pointer], [400, "/text"]);
    return true;
  });
});

test("its page loads nothing but what it has itself", async () => {
  const answered = await fetch(it.url);
  assert.equal(answered.headers.get("content-security-policy"), "default-src 'self'");
  const links = [...(await answered.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link);
  assert.deepEqual(links, ["/ui/page.css", "/ui/page.js"]);
  for (const link of links) assert.equal((await fetch(it.url + link)).status, 200, link);
});
