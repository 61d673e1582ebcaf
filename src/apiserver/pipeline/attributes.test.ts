import assert from "node:assert/strict";
import { test } from "node:test";
import { testAdmin, testCluster } from "#testing";
import type { RequestAttributes } from "../ports.ts";
import { asking, configMapNamed } from "../testing/ask.ts";

test("a field selector names the object of a list or watch, never that of a write", async () => {
  const seen: RequestAttributes[] = [];
  const authorize = (attributes: RequestAttributes) => {
    seen.push(attributes);
    return { verdict: "allow", reason: "the test looks on" } as const;
  };
  const cluster = await testCluster({ security: () => ({ authorizer: { authorize } }) });
  const ask = asking(cluster.server.transport(testAdmin));
  const maps = "/api/v1/namespaces/default/configmaps";
  await ask(`POST ${maps}?fieldSelector=metadata.name%3Dmine`, configMapNamed("other"));
  assert.equal(seen.at(-1)?.name, undefined);
  await ask(`GET ${maps}?fieldSelector=metadata.name%3Dmine`);
  assert.equal(seen.at(-1)?.name, "mine");
  await cluster.close();
});
