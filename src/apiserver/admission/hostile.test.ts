import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { CertificateSigningRequest } from "#api";
import { systemClock, systemRandom } from "#base";
import { testAdmin, testCluster } from "#testing";
import { createAuthorizer } from "../authorization/authorizer.ts";
import { asking, podNamed } from "../testing/ask.ts";
import { admissionPlugins } from "./registry.ts";

const cluster = await testCluster({
  security: (feed) => {
    const authorizer = createAuthorizer(feed);
    const { rbac } = authorizer;
    return {
      admission: admissionPlugins({ feed, authorizer, rbac, clock: systemClock, random: systemRandom }),
    };
  },
});
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

test("a pod that lacks what admission completes is refused as invalid, not by a failure", async () => {
  await ask("POST /api/v1/namespaces/default/serviceaccounts", { metadata: { name: "default" } });
  for (const spec of [undefined, null, {}, { containers: [] }]) {
    const pod = { ...podNamed("empty"), spec };
    const { status } = await ask("POST /api/v1/namespaces/default/pods", pod);
    assert.equal(status, 422, JSON.stringify(spec));
  }
});

test("a request for a certificate bears the name of who sent it, whatever it says", async () => {
  const spec = {
    request: "eA==",
    signerName: "example.com/signer",
    usages: ["client auth"],
    username: "somebody-else",
    groups: ["system:masters", "others"],
    uid: "0",
  };
  const path = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
  const { status, body } = await ask(`POST ${path}`, { metadata: { name: "mine" }, spec });
  assert.equal(status, 201);
  const { spec: stored } = body as unknown as CertificateSigningRequest;
  assert.equal(stored.username, testAdmin.name);
  assert.deepEqual(stored.groups, testAdmin.groups);
  assert.equal(stored.uid, undefined);
});
