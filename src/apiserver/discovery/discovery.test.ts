import assert from "node:assert/strict";
import { after, test } from "node:test";
import { testAdmin, testCluster } from "#testing";
import { asking } from "../testing/ask.ts";
import { compareVersions } from "./groups.ts";

const cluster = await testCluster({
  checks: [
    { name: "store", check: () => {} },
    { name: "bootstrap", readinessOnly: true, check: () => Promise.reject(new Error("not yet")) },
  ],
});
const ask = asking(cluster.server.transport(testAdmin));
after(() => cluster.close());

test("aggregated discovery says all that plain discovery says", async () => {
  const accept = { accept: "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList" };
  for (const root of ["/api", "/apis"]) {
    const { items } = (await ask(`GET ${root}`, undefined, accept)).body as unknown as Aggregated;
    for (const { metadata, versions } of items) {
      for (const { version, resources } of versions) {
        const path = metadata.name ? `/apis/${metadata.name}/${version}` : `/api/${version}`;
        const plain = (await ask(`GET ${path}`)).body as unknown as { resources: { name: string }[] };
        const names = resources.flatMap(({ resource, subresources = [] }) => [
          resource,
          ...subresources.map(({ subresource }) => `${resource}/${subresource}`),
        ]);
        assert.deepEqual(
          names,
          plain.resources.map(({ name }) => name),
        );
      }
    }
  }
});

test("a client that knows the discovery document is told that it has not changed", async () => {
  const first = await ask("GET /apis");
  const again = await ask("GET /apis", undefined, { "if-none-match": first.headers.etag ?? "" });
  assert.equal(again.status, 304);
  assert.equal(again.text, "");
});

test("the group that is asked for first comes first, and its best version is preferred", async () => {
  const { groups } = (await ask("GET /apis")).body as unknown as {
    groups: { name: string; preferredVersion: { version: string } }[];
  };
  assert.equal(groups[1]?.name, "apps");
  assert.equal(groups.find(({ name }) => name === "autoscaling")?.preferredVersion.version, "v2");
  const versions = ["v1beta1", "v2", "v1", "v1alpha1", "v10"].sort(compareVersions);
  assert.deepEqual(versions, ["v1alpha1", "v1beta1", "v1", "v2", "v10"]);
});

test("health says what is not well, and whether it is about living or being ready", async () => {
  assert.equal((await ask("GET /livez")).text, "ok");
  const ready = await ask("GET /readyz");
  assert.equal(ready.status, 500);
  assert.match(ready.text, /\[-\]bootstrap failed: not yet/);
  assert.equal((await ask("GET /readyz?exclude=bootstrap")).text, "ok");
  assert.match((await ask("GET /livez?verbose")).text, /\[\+\]store ok\nlivez check passed/);
  assert.equal((await ask("GET /readyz/store")).text, "ok");
  assert.equal((await ask("GET /readyz/nothing")).status, 404);
});

test("every document that OpenAPI v3 lists is there", async () => {
  const { paths } = (await ask("GET /openapi/v3")).body as unknown as {
    paths: Record<string, { serverRelativeURL: string }>;
  };
  const { serverRelativeURL = "" } = paths["apis/apps/v1"] ?? {};
  const { status, body, headers } = await ask(`GET ${serverRelativeURL}`);
  assert.equal(status, 200);
  assert.ok("paths" in body);
  assert.equal((await ask("GET /openapi/v3/apis/nobody/v1")).status, 404);
  const known = await ask(`GET ${serverRelativeURL}`, undefined, { "if-none-match": headers.etag ?? "" });
  assert.equal(known.status, 304);
});

interface Aggregated {
  items: {
    metadata: { name?: string };
    versions: {
      version: string;
      resources: { resource: string; subresources?: { subresource: string }[] }[];
    }[];
  }[];
}
