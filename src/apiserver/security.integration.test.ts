import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { namespaces, serviceAccounts } from "#api";
import { systemClock, systemRandom } from "#base";
import { type ServedCluster, servedCluster } from "#testing";
import { bootstrap } from "./bootstrap/bootstrap.ts";
import { createSecurity } from "./security.ts";
import { openSigningKey } from "./tokens/signing-key.ts";

const directory = mkdtempSync(join(tmpdir(), "nacre-test-security-"));
const timing = { clock: systemClock, random: systemRandom };
let cluster: ServedCluster;

before(async () => {
  cluster = await servedCluster({
    ...timing,
    security: createSecurity({
      ...timing,
      signingKey: openSigningKey(directory),
      serviceRange: "10.96.0.0/16",
    }),
    namespaces: [],
  });
  const { feed: read, writer } = cluster.server;
  await bootstrap({
    read,
    writer,
    advertised: { address: "10.244.0.1", port: 6443, clusterIP: "10.96.0.1" },
  });
  await writer.create(namespaces, { metadata: { name: "shop" } });
  for (const namespace of ["default", "shop"]) {
    await writer.create(serviceAccounts, { metadata: { name: "default", namespace } });
  }
});

after(async () => {
  await cluster.close();
  rmSync(directory, { recursive: true });
});

async function kubectl(line: string): Promise<string> {
  const { stdout, stderr } = await cluster.kubectl(line.split(" "));
  return `${stdout}${stderr}`.trim();
}

/** Without a client certificate. */
function ask(path: string, token?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        host: "127.0.0.1",
        port: cluster.listener.port,
        path,
        ca: cluster.tls.authority,
        agent: false,
        headers: token ? { authorization: `Bearer ${token}` } : {},
      },
      async (response) => {
        const body = Buffer.concat(await response.toArray()).toString();
        resolve({ status: response.statusCode ?? 0, body });
      },
    );
    asked.once("error", reject);
    asked.end();
  });
}

test("people learn who they are and what they may do", async () => {
  assert.match(await kubectl("auth whoami"), /Username\s+kubernetes-admin[\s\S]*system:masters/);
  assert.match(await kubectl("auth can-i delete nodes"), /^yes/);
  assert.equal(await kubectl("auth can-i * *"), "yes");
  assert.match(await kubectl("auth can-i list pods --as=ada --as-group=system:authenticated"), /^no/);
  const list = await kubectl("auth can-i --list --as=ada --as-group=system:authenticated");
  assert.match(list, /selfsubjectreviews\.authentication\.k8s\.io\s+\[\]\s+\[\]\s+\[create\]/);
});

test("a default role, bound in a namespace, holds there", async () => {
  await kubectl("create rolebinding ada-views --clusterrole=view --user=ada -n shop");
  const as = "--as=ada --as-group=system:authenticated";
  assert.match(await kubectl(`get pods -n shop ${as}`), /No resources found in shop namespace/);
  assert.equal(
    await kubectl(`get pods -n default ${as}`),
    'Error from server (Forbidden): pods is forbidden: User "ada" cannot list resource "pods" in API group "" in the namespace "default"',
  );
  assert.match(
    await kubectl(`delete configmap x -n shop ${as}`),
    /configmaps "x" is forbidden: User "ada" cannot delete resource "configmaps" in API group "" in the namespace "shop"/,
  );
  assert.match(await kubectl(`get secrets -n shop ${as}`), /secrets is forbidden/);
});

test("nobody grants themselves more than they hold", async () => {
  await kubectl("create rolebinding grace-runs --clusterrole=admin --user=grace -n shop");
  const as = "--as=grace --as-group=system:authenticated";
  const allowed = `create role pods --verb=get --resource=pods -n shop ${as}`;
  assert.match(await kubectl(allowed), /role\.rbac\.authorization\.k8s\.io\/pods created/);
  assert.match(
    await kubectl(`create role nodes --verb=get --resource=nodes -n shop ${as}`),
    /user "grace" \(groups=\["system:authenticated"\]\) is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["nodes"\], Verbs:\["get"\]\}/,
  );
  assert.match(
    await kubectl(`create rolebinding all --clusterrole=cluster-admin --user=grace -n shop ${as}`),
    /not currently held/,
  );
});

test("a service account's token is that account, for as long as it exists", async () => {
  await kubectl("create serviceaccount robot -n shop");
  await kubectl("create rolebinding robot --clusterrole=view --serviceaccount=shop:robot -n shop");
  const token = await kubectl("create token robot -n shop --duration=20m");
  assert.equal(token.split(".").length, 3, token);
  assert.equal((await ask("/api/v1/namespaces/shop/pods", token)).status, 200);
  const refused = await ask("/api/v1/namespaces/default/pods", token);
  assert.equal(refused.status, 403);
  assert.match(refused.body, /User \\"system:serviceaccount:shop:robot\\" cannot list/);
  const keys = await ask("/openid/v1/jwks", token);
  assert.equal(JSON.parse(keys.body).keys[0].alg, "ES256");
  assert.equal((await ask("/.well-known/openid-configuration", token)).status, 200);
  await kubectl("delete serviceaccount robot -n shop");
  assert.equal((await ask("/api/v1/namespaces/shop/pods", token)).status, 401);
  assert.match(await kubectl("create token robot -n shop"), /serviceaccounts? "robot" not found/);
});

test("without credentials there is health, and nothing else", async () => {
  assert.equal((await ask("/readyz")).status, 200);
  assert.equal((await ask("/livez")).status, 200);
  for (const path of ["/version", "/api", "/api/v1/pods", "/openid/v1/jwks", "/"]) {
    const { status, body } = await ask(path);
    assert.equal(status, 401, path);
    assert.equal(JSON.parse(body).reason, "Unauthorized");
  }
  assert.equal((await ask("/api", "nonsense")).status, 401);
});

test("services get addresses and ports, and hear when theirs are taken", async () => {
  assert.match(
    await kubectl("get service kubernetes"),
    /kubernetes\s+ClusterIP\s+10\.96\.0\.1\s+<none>\s+443\/TCP/,
  );
  await kubectl("create service nodeport one --tcp=80:80 --node-port=30100");
  assert.equal(
    await kubectl("create service nodeport two --tcp=80:80 --node-port=30100"),
    'error: failed to create NodePort service: Service "two" is invalid: spec.ports[0].nodePort: Invalid value: 30100: provided port is already allocated',
  );
  assert.match(
    await kubectl("create service clusterip three --tcp=80:80 --clusterip=10.96.0.1"),
    /Service "three" is invalid: spec\.clusterIPs: Invalid value: \["10\.96\.0\.1"\]: failed to allocate IP 10\.96\.0\.1: provided IP is already allocated/,
  );
  await kubectl("delete service one");
  assert.match(
    await kubectl("create service nodeport two --tcp=80:80 --node-port=30100"),
    /service\/two created/,
  );
  assert.match(await kubectl("get ipaddresses"), /10\.96\.0\.1\s+services\/default\/kubernetes/);
});

test("the namespaces of the system stay, and pods come with account, token and priority", async () => {
  assert.match(
    await kubectl("delete namespace kube-system"),
    /namespaces "kube-system" is forbidden: this namespace may not be deleted/,
  );
  assert.match(await kubectl("run web --image=nginx -n shop"), /pod\/web created/);
  const pod = JSON.parse(await kubectl("get pod web -n shop -o json"));
  assert.equal(pod.spec.serviceAccountName, "default");
  assert.equal(pod.spec.priority, 0);
  assert.equal(pod.spec.volumes[0].projected.sources.length, 3);
  assert.equal(pod.spec.tolerations.length, 2);
  assert.match(await kubectl("run web --image=nginx -n nowhere"), /namespaces "nowhere" not found/);
});
