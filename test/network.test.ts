import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { helloManifest, importHello } from "./images.ts";
import { createMachine } from "./machine.ts";
import { typing } from "./typing.ts";

/** What a pod, and the machine, can reach by which name and address. */
const machine = await createMachine();
after(() => machine.remove());
before(async () => {
  await machine.up();
  await importHello(machine);
  await run("apply -f -", helloManifest);
  await run("apply -f -", probe("probe"));
  await run("rollout status deployment/hello --timeout=60s");
  await run("wait pod/probe --for=condition=Ready --timeout=60s");
});

const { run, get } = typing(machine);

test("a pod finds services by their short and their long names", async () => {
  const { clusterIP } = (await get("service hello")).spec;
  const names = ["hello", "hello.default", "hello.default.svc", "hello.default.svc.cluster.local"];
  const script = `
    import { lookup } from "node:dns/promises";
    say(await Promise.all(${JSON.stringify(names)}.map(async (name) => (await lookup(name)).address)));`;
  assert.deepEqual(
    await inPod("probe", script),
    names.map(() => clusterIP),
  );
});

test("a pod follows a service that is another name for a service", async () => {
  const { clusterIP } = (await get("service hello")).spec;
  await run("create service externalname alias --external-name=hello.default.svc.cluster.local");
  const script = `
    import { lookup } from "node:dns/promises";
    let found;
    while (!found) found = await lookup("alias").catch(() => undefined);
    say(found.address);`;
  assert.equal(await inPod("probe", script), clusterIP);
});

test("a service without a selector leads to the addresses that somebody wrote into Endpoints", async () => {
  await run("create service clusterip handmade --tcp=80:8080");
  await run(`patch service handmade --type=json -p '[{"op":"remove","path":"/spec/selector"}]'`);
  const { podIP } = (await get("pods -l app=hello")).items[0].status;
  const subsets = [{ addresses: [{ ip: podIP }], ports: [{ name: "80-8080", port: 8080 }] }];
  await run(
    "apply -f -",
    JSON.stringify({ apiVersion: "v1", kind: "Endpoints", metadata: { name: "handmade" }, subsets }),
  );
  const script = `
    let text;
    while (!text) text = await fetch("http://handmade").then((answer) => answer.text()).catch(() => undefined);
    say(text);`;
  assert.match(String(await inPod("probe", script)), /^Hello from/);
});

test("the service of the API comes back when somebody deletes all services", async () => {
  await run("delete service kubernetes");
  await run("wait service kubernetes --for=jsonpath={.spec.clusterIP}=10.96.0.1 --timeout=20s");
});

test("a pod finds ports, pods of headless services, and names by address", async () => {
  const { clusterIP } = (await get("service hello")).spec;
  await run("expose deployment hello --name=headless --cluster-ip=None --port=80 --target-port=8080");
  const slice = "endpointslice -l kubernetes.io/service-name=headless --timeout=20s";
  await run(`wait ${slice} --for=create`);
  await run(`wait ${slice} --for=jsonpath={.endpoints[2].conditions.ready}=true`);
  const pods = (await get("pods -l app=hello")).items.map(({ status }: Pod) => status.podIP).sort();
  // Changed endpoints reach DNS a moment after the API.
  const script = `
    import { resolve4, resolveSrv, reverse } from "node:dns/promises";
    let addresses = [];
    while (addresses.length < 3) addresses = await resolve4("headless.default.svc.cluster.local").catch(() => []);
    const [srv] = await resolveSrv("_http._tcp.hello.default.svc.cluster.local");
    say({ addresses: addresses.sort(), port: srv.port, names: await reverse("${clusterIP}") });`;
  assert.deepEqual(await inPod("probe", script), {
    addresses: pods,
    port: 80,
    names: ["hello.default.svc.cluster.local"],
  });
});

test("names that nobody has are denied at once, and names of the world do not hurt where there is none", async () => {
  const script = `
    import { lookup } from "node:dns/promises";
    const codes = [];
    for (const name of ["nobody", "nobody.default.svc.cluster.local", "example.org"])
      codes.push(await lookup(name).then(() => "found", (error) => error.code));
    say({ codes, hello: (await lookup("hello")).family });`;
  const { codes, hello } = await inPod("probe", script);
  assert.equal(codes[1], "ENOTFOUND");
  assert.match(codes[0], /ENOTFOUND|EAI_AGAIN/);
  assert.match(codes[2], /ENOTFOUND|EAI_AGAIN/);
  assert.equal(hello, 4);
});

test("a pod speaks to the API as its service account, and is allowed what that is allowed", async () => {
  const script = `
    import { readFileSync } from "node:fs";
    import { get } from "node:https";
    const read = (name) => readFileSync("/var/run/secrets/kubernetes.io/serviceaccount/" + name, "utf8");
    const headers = { authorization: "Bearer " + read("token") };
    const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
    const ask = (base) => new Promise((answer, fail) =>
      get(base + "/api/v1/namespaces/" + read("namespace") + "/pods", { headers, ca: read("ca.crt") }, async (response) => {
        const body = JSON.parse(Buffer.concat(await response.toArray()).toString());
        answer([response.statusCode, body.kind, body.message ?? body.items.length]);
      }).once("error", fail));
    say([await ask("https://kubernetes.default.svc"), await ask("https://" + host + ":" + port)]);`;
  const refused =
    'pods is forbidden: User "system:serviceaccount:default:default" cannot list resource "pods" in API group "" in the namespace "default"';
  const no = [403, "Status", refused];
  assert.deepEqual(await inPod("probe", script), [no, no]);
  await run("create rolebinding probe --clusterrole=view --serviceaccount=default:default");
  const yes = [200, "PodList", 4];
  assert.deepEqual(await inPod("probe", script), [yes, yes]);
});

test("connections to a service reach its pods in turn, from a pod and from the machine", async () => {
  const { clusterIP } = (await get("service hello")).spec;
  assert.deepEqual(await inPod("probe", askOften(`http://${clusterIP}/`)), [10, 10, 10]);
  const url = `http://${clusterIP}/ http://127.0.0.1:30080/`;
  const { stdout } = await machine.run("sh", [
    "-c",
    `for i in 1 2 3 4 5 6; do for u in ${url}; do curl -sS $u; done; done`,
  ]);
  const seen = new Set(stdout.match(/from hello-\S+,/g));
  assert.equal(seen.size, 3, stdout);
});

test("a pod reaches other pods by address, and itself through its service", async () => {
  const pods: Pod[] = (await get("pods -l app=hello")).items;
  for (const { metadata, status } of pods) {
    const [text] = await inPod("probe", ask(`http://${status.podIP}:8080/`));
    assert.match(text, new RegExp(`from ${metadata.name},`));
  }
  const name = pods[0]?.metadata.name ?? "";
  assert.deepEqual(await inPod(name, askOften("http://hello/")), [10, 10, 10]);
});

test("a pod reaches node ports at the node's address", async () => {
  const { status } = (await get("nodes")).items[0];
  const address = status.addresses.find(({ type }: { type: string }) => type === "InternalIP").address;
  const [text] = await inPod("probe", ask(`http://${address}:30080/`));
  assert.match(text, /^Hello from/);
});

test("with client affinity all connections of a client reach one pod", async () => {
  await run(`patch service hello -p '{"spec":{"sessionAffinity":"ClientIP"}}'`);
  // The rules follow the API a moment later: from some time on, all answers come from one.
  const script = `${tally}
    let counts = [];
    while (counts.length !== 1) counts = await tally("http://hello/");
    say(counts);`;
  assert.deepEqual(await inPod("probe", script), [30]);
  await run(`patch service hello -p '{"spec":{"sessionAffinity":"None"}}'`);
});

test("a UDP client that keeps its port reaches the next pod when its pod is deleted", async () => {
  await run("apply -f -", `${udpPod("udp-first")}---${udpService}`);
  await run("wait pod/udp-first --for=condition=Ready --timeout=60s");
  // One socket, so one flow; asked until another pod than the first answers.
  const asking = inPod(
    "probe",
    `import { createSocket } from "node:dgram";
    import { once } from "node:events";
    const socket = createSocket("udp4");
    const names = new Set();
    const asked = setInterval(() => socket.send("?", 5353, "udp"), 50);
    while (names.size < 2) names.add(String((await once(socket, "message"))[0]));
    clearInterval(asked);
    socket.close();
    say([...names]);`,
  );
  await run("apply -f -", udpPod("udp-second", "away"));
  await run("wait pod/udp-second --for=condition=Ready --timeout=60s");
  await run("label pod udp-second app=udp --overwrite");
  await run("delete pod udp-first --grace-period=1");
  assert.deepEqual(await asking, ["udp-first", "udp-second"]);
});

test("addresses that nobody has are refused at once, in pods and on the machine", async () => {
  await run("create service clusterip empty --tcp=80:80");
  const empty = (await get("service empty")).spec.clusterIP;
  const strays = ["http://10.96.200.200/", "http://10.244.77.7/", `http://${empty}/`, "http://10.96.0.1:81/"];
  const script = `
    import { get } from "node:http";
    const began = performance.now();
    const codes = await Promise.all(${JSON.stringify(strays)}.map((url) =>
      new Promise((answer) => get(url, () => answer("answered")).once("error", (error) => answer(error.code)))));
    say({ codes, ms: performance.now() - began });`;
  const inside = await inPod("probe", script);
  const file = `const say = (value) => console.log(JSON.stringify(value));${script}`;
  const node = await machine.run(process.execPath, ["--input-type=module", "-e", file]);
  for (const { codes, ms } of [inside, JSON.parse(node.stdout)]) {
    for (const code of codes) assert.match(code, /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/);
    // Where nobody refuses, the kernel first looks for a neighbour, for three seconds.
    assert.ok(ms < 3_000, `${ms} ms`);
  }
});

test("a host port leads to its pod, and is free again when the pod is gone", async () => {
  const hostPort = "ports: [{containerPort: 8080, hostPort: 8088}]";
  await run("apply -f -", probe("ported", { container: hostPort }));
  await run("wait pod/ported --for=condition=Ready --timeout=60s");
  const curl = ["-sS", "--fail", "http://127.0.0.1:8088/"];
  assert.match((await machine.run("curl", curl)).stdout, /from ported,/);
  await run("apply -f -", probe("second", { container: hostPort }));
  await run("wait pod/second --for=condition=PodScheduled=false --timeout=30s");
  assert.match(await run("describe pod second"), /1 node\(s\) didn't have free ports/);
  await run("delete pod ported --grace-period=1");
  await run("wait pod/second --for=condition=Ready --timeout=60s");
  assert.match((await machine.run("curl", curl)).stdout, /from second,/);
});

test("a pod on the machine's network has the machine's addresses, and reaches services", async () => {
  await run(
    "apply -f -",
    probe("hosted", {
      container: "env: [{name: PORT, value: '8090'}]",
      spec: "hostNetwork: true\n  dnsPolicy: ClusterFirstWithHostNet",
      port: 8090,
    }),
  );
  await run("wait pod/hosted --for=condition=Ready --timeout=60s");
  const { status } = await get("pod hosted");
  assert.equal(status.podIP, status.hostIP);
  assert.match((await machine.run("curl", ["-sS", "http://127.0.0.1:8090/"])).stdout, /^Hello from/);
  const [text] = await inPod("hosted", ask("http://hello/"));
  assert.match(text, /from hello-/);
});

interface Pod {
  readonly metadata: { readonly name: string };
  readonly status: { readonly podIP: string };
}

/** A pod of the hello image, which has Node to ask questions with. */
function probe(name: string, { container = "", spec = "", port = 8080 } = {}): string {
  return `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
spec:
  terminationGracePeriodSeconds: 2
  ${spec}
  containers:
  - name: main
    image: hello:v1
    readinessProbe: {httpGet: {path: /readyz, port: ${port}}, periodSeconds: 1}
    ${container}
`;
}

/** A pod that answers every UDP packet with its name. */
function udpPod(name: string, app = "udp"): string {
  const program = `require("node:dgram").createSocket("udp4").on("message", function (m, { port, address }) { this.send("${name}", port, address); }).bind(5353)`;
  return `
apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: {app: ${app}}
spec:
  containers:
  - name: main
    image: hello:v1
    command: [node, -e, '${program}']
`;
}

const udpService = `
apiVersion: v1
kind: Service
metadata:
  name: udp
spec:
  selector: {app: udp}
  ports: [{protocol: UDP, port: 5353}]
`;

const tally = `
    import { get } from "node:http";
    const ask = (url) => new Promise((answer, fail) =>
      get(url, { agent: false }, async (response) => answer(Buffer.concat(await response.toArray()).toString())).once("error", fail));
    async function tally(url) {
      const counts = {};
      for (let i = 0; i < 30; i++) {
        const name = /from (\\S+),/.exec(await ask(url))[1];
        counts[name] = (counts[name] ?? 0) + 1;
      }
      return Object.values(counts);
    }`;

function ask(url: string): string {
  return `${tally}; say([await ask(${JSON.stringify(url)})]);`;
}

/** How many of thirty connections each pod got. */
function askOften(url: string): string {
  return `${tally}; say(await tally(${JSON.stringify(url)}));`;
}

/** Runs a script in a pod; what it says. */
async function inPod(pod: string, script: string) {
  const program = `const say = (value) => console.log(JSON.stringify(value));${script}`;
  return JSON.parse(await run(`exec -i ${pod} -- node --input-type=module -`, program));
}
