import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { client } from "@nacre/chassis";
import { api } from "./api.ts";
import { newService } from "./service.ts";

const it = newService({
  args: [],
  environment: { HOST: "127.0.0.1", PORT: "0", DRAIN_DELAY: "0ms", LOG_LEVEL: "error", GREETING: "Good day" },
  ownsProcess: false,
});
before(() => it.start());
after(() => it.stop());

test("everybody is greeted as the configuration says", async () => {
  const { text } = await client(api, { baseUrl: it.url }).greet({ params: { name: "Ada" } });
  assert.equal(text, "Good day, Ada");
});

test("a name that is too long is refused, and the answer says why", async () => {
  const answered = await fetch(`${it.url}/hello/${"x".repeat(101)}`);
  assert.equal(answered.status, 400);
  assert.match(await answered.text(), /must NOT have more than 100 characters/);
});

test("it says that it is ready", async () => {
  assert.equal((await fetch(`${it.url}/readyz`)).status, 200);
});
