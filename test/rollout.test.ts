import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { helloManifest, importHello, importSecondHello } from "./images.ts";
import { assertUnbroken, type Load, loadFromHost, loadFromPod } from "./load.ts";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** Changing versions of a service that is in use, and the commands around it. */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await machine.up();
  await importHello(machine);
  await importSecondHello(machine);
  await run("apply -f -", helloManifest);
  await run("rollout status deployment/hello --timeout=60s");
});

const { run, fails, get } = typing(machine);

test("a new version and the way back, under 200 requests a second from the host and from a pod, fail no request", async () => {
  const { clusterIP } = (await get("service hello")).spec;
  const host = await loadFromHost(machine, {
    perSecond: 200,
    urls: [`http://${clusterIP}/`, "http://127.0.0.1:30080/"],
  });
  const pod = await loadFromPod(machine, "load", {
    perSecond: 200,
    urls: [`http://${clusterIP}/`, "http://hello/"],
  });
  assert.equal(await run("set image deployment/hello hello=hello:v2"), "deployment.apps/hello image updated");
  assert.match(await run("rollout status deployment/hello --timeout=60s"), /successfully rolled out/);
  assert.match(await answer(), /version v2/);
  assert.equal(await run("rollout undo deployment/hello"), "deployment.apps/hello rolled back");
  assert.match(await run("rollout status deployment/hello --timeout=60s"), /successfully rolled out/);
  assert.match(await answer(), /version v1/);

  const loads: Load[] = [host, pod];
  for (const load of loads) {
    const report = await load.finish();
    assertUnbroken(report, 500);
    assert.deepEqual(Object.keys(report.versions).sort(), ["v1", "v2"]);
  }
});

test("connections that are kept and rarely used are not cut off when their pods go", async () => {
  const { clusterIP } = (await get("service hello")).spec;
  const before = await run("get pods -l app=hello -o name");
  // Each is idle for three seconds at a time: longer than a pod takes to leave the service, shorter than servers keep it.
  const load = await loadFromHost(machine, {
    perSecond: 100,
    connections: 75,
    urls: [`http://${clusterIP}/`, "http://127.0.0.1:30080/"],
  });
  await run("rollout restart deployment/hello");
  await run("rollout status deployment/hello --timeout=60s");
  await run(`wait ${before.replaceAll("\n", " ")} --for=delete --timeout=60s`);
  assertUnbroken(await load.finish(), 500);
});

test("the history of versions is kept, and any of them can be had again", async () => {
  assert.match(
    await run("rollout history deployment/hello"),
    /^deployment\.apps\/hello \nREVISION +CHANGE-CAUSE\n2 +<none>\n3 +<none>\n4 +<none>$/,
  );
  assert.match(await run("rollout history deployment/hello --revision=2"), /Image:\s+hello:v2/);
  await run("rollout undo deployment/hello --to-revision=2");
  await run("rollout status deployment/hello --timeout=60s");
  assert.equal((await get("deployment hello")).spec.template.spec.containers[0].image, "hello:v2");
  assert.match(await fails("rollout undo deployment/hello --to-revision=99"), /unable to find.* revision/);
});

test("a paused rollout waits until it is resumed", async () => {
  await run("rollout pause deployment/hello");
  await run("set image deployment/hello hello=hello:v1");
  await run("wait deployment/hello --for=condition=Progressing=Unknown --timeout=20s");
  assert.equal((await get("deployment hello")).status.updatedReplicas ?? 0, 0);
  await run("rollout resume deployment/hello");
  assert.match(await run("rollout status deployment/hello --timeout=60s"), /successfully rolled out/);
  assert.match(await answer(), /version v1/);
});

test("restart replaces every pod, scale changes their number", async () => {
  const before = await run("get pods -l app=hello -o jsonpath={.items[*].metadata.uid}");
  assert.equal(await run("rollout restart deployment/hello"), "deployment.apps/hello restarted");
  await run("rollout status deployment/hello --timeout=60s");
  const { items } = await get("pods -l app=hello");
  for (const { metadata } of items) {
    if (!metadata.deletionTimestamp) assert.ok(!before.includes(metadata.uid), "the pod is a new one");
  }
  assert.equal(await run("scale deployment hello --replicas=5"), "deployment.apps/hello scaled");
  await run("wait deployment/hello --for=jsonpath={.status.readyReplicas}=5 --timeout=30s");
  assert.match(
    await fails("scale deployment hello --current-replicas=9 --replicas=1"),
    /Expected replicas to be 9, was 5/,
  );
  await run("scale deployment hello --replicas=1");
  await run("wait deployment/hello --for=jsonpath={.status.replicas}=1 --timeout=30s");
});

test("a version that never gets ready takes no pod away, and undo ends it", async () => {
  await run("set env deployment/hello PORT=9999");
  await run("wait deployment/hello --for=jsonpath={.status.updatedReplicas}=1 --timeout=30s");
  assert.match(await fails("rollout status deployment/hello --timeout=2s"), /timed out/);
  assert.match(await answer(), /version v1/);
  await run("rollout undo deployment/hello");
  await run("rollout status deployment/hello --timeout=60s");
  assert.match(await answer(), /version v1/);
});

test("a server that ends as soon as it is asked to turns nobody away either", async () => {
  await run("apply -f -", abrupt);
  await run("rollout status deployment/abrupt --timeout=60s");
  const { clusterIP } = (await get("service abrupt")).spec;
  const load = await loadFromHost(machine, { perSecond: 200, urls: [`http://${clusterIP}/`] });
  const old = await run("get pods -l app=abrupt -o name");
  await run("rollout restart deployment/abrupt");
  await run("rollout status deployment/abrupt --timeout=60s");
  await run(`wait ${old.split("\n").join(" ")} --for=delete --timeout=30s`);
  assertUnbroken(await load.finish(), 200);
});

async function answer(): Promise<string> {
  return (await machine.run("curl", ["-sS", "--fail", "http://127.0.0.1:30080/"])).stdout;
}

/** No drain, no hook: at SIGTERM it stops listening. Every answer ends its connection, so that each is a new one. */
const abrupt = JSON.stringify({
  apiVersion: "v1",
  kind: "List",
  items: [
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "abrupt" },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: "abrupt" } },
        template: {
          metadata: { labels: { app: "abrupt" } },
          spec: {
            containers: [
              {
                name: "abrupt",
                image: "hello:v1",
                command: [
                  "node",
                  "-e",
                  `const server = require("node:http").createServer((_, answer) => {
                    answer.setHeader("connection", "close").end("version v1");
                  }).listen(8080);
                  process.on("SIGTERM", () => server.close());`,
                ],
                readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "abrupt" },
      spec: { selector: { app: "abrupt" }, ports: [{ port: 80, targetPort: 8080 }] },
    },
  ],
});
