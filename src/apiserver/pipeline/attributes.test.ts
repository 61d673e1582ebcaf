import assert from "node:assert/strict";
import { after, test } from "node:test";
import { testAdmin, testCluster } from "#testing";
import { accessReviews } from "../authorization/reviews/access-reviews.ts";
import type { Authorizer, RequestAttributes } from "../ports.ts";
import { asking, configMapNamed } from "../testing/ask.ts";

const seen: RequestAttributes[] = [];
const refused = new Set<string>();
const authorizer: Authorizer = {
  authorize(attributes) {
    seen.push(attributes);
    return { verdict: refused.has(attributes.verb) ? "deny" : "allow", reason: "the test looks on" };
  },
};
const cluster = await testCluster({ security: () => ({ authorizer, virtual: accessReviews(authorizer) }) });
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

const maps = "/api/v1/namespaces/default/configmaps";

test("a field selector names the object of a list or watch, never that of a write", async () => {
  await ask(`POST ${maps}?fieldSelector=metadata.name%3Dmine`, configMapNamed("other"));
  assert.equal(seen.at(-1)?.name, undefined);
  await ask(`GET ${maps}?fieldSelector=metadata.name%3Dmine`);
  assert.equal(seen.at(-1)?.name, "mine");
});

test("who may change but not create cannot create by applying or replacing", async () => {
  const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { name: "new" } };
  const leases = "/apis/coordination.k8s.io/v1/namespaces/default/leases";
  const apply = { "content-type": "application/apply-patch+yaml" };
  refused.add("create");
  assert.equal((await ask(`PATCH ${maps}/new?fieldManager=test`, configMapNamed("new"), apply)).status, 403);
  assert.equal((await ask(`PUT ${leases}/new`, lease)).status, 403);
  refused.clear();
  assert.equal((await ask(`PATCH ${maps}/new?fieldManager=test`, configMapNamed("new"), apply)).status, 201);
  assert.equal((await ask(`PUT ${leases}/new`, lease)).status, 201);
});

test("a review without a question is a bad request", async () => {
  for (const kind of ["selfsubjectaccessreviews", "subjectaccessreviews"]) {
    const { status } = await ask(`POST /apis/authorization.k8s.io/v1/${kind}`, {});
    assert.equal(status, 400, kind);
  }
});
