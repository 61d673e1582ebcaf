import { setTimeout } from "node:timers/promises";
import {
  apiVersionOf,
  builtInResources,
  type KubernetesObject,
  nodes,
  type Pod,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  type Resource,
} from "#api";
import { type Client, createClient } from "#client";
import { httpsTransport } from "#client/node";
import type { LoadConnection } from "../load/connection.ts";
import { openHttp1 } from "../load/http1.ts";
import type { Endpoint } from "../load/load.ts";
import { answerCalls } from "./calls.ts";
import { namespaceObjects, nodeOf, PriorityClasses, podOf, volumeOf } from "./objects.ts";
import type { CreatePods, Operation } from "./operations.ts";

/** The load generator: a program of its own that makes, deletes and churns what a workload asks for. */
export interface GeneratorCalls {
  readonly [name: string]: (input: never) => Promise<unknown>;
  connect(input: { endpoint: Endpoint }): Promise<void>;
  createNodes(input: Operation & { opcode: "createNodes" }): Promise<void>;
  createNamespaces(input: { names: readonly string[]; template: object }): Promise<void>;
  createPods(input: CreatePods): Promise<void>;
  createAny(input: { template: object; count: number; namespace: string | undefined }): Promise<void>;
  deletePods(input: Operation & { opcode: "deletePods" }): Promise<void>;
  /** Begins; goes on until the program ends. */
  churn(input: Operation & { opcode: "churn" }): Promise<void>;
}

/** As many workers as Kubernetes' own generator has when it creates pods. */
const connections = 30;

let endpoint: Endpoint;
let client: Client;
let priorities: PriorityClasses;
let sockets: readonly LoadConnection[];

answerCalls({
  async connect(input) {
    endpoint = input.endpoint;
    const { host, port, authority, certificate, key } = endpoint;
    const server = `https://${host}:${port}`;
    client = createClient({
      transport: httpsTransport({ server, authority, credentials: { certificate, key } }),
    });
    priorities = new PriorityClasses(client);
    sockets = await Promise.all(Array.from({ length: connections }, () => openHttp1(endpoint)));
  },
  createNodes: (operation) =>
    inParallel(operation.count, async (at) => {
      const { node, volumeLimits } = nodeOf(operation, at);
      const { metadata, spec } = await client.resource(nodes).create(node);
      const name = metadata?.name ?? "";
      // A node is born tainted until it says that it is ready; nobody speaks for these.
      const taints = (spec?.taints ?? []).filter(({ key }) => key !== "node.kubernetes.io/not-ready");
      await client.resource(nodes).patch(name, { type: "merge", patch: { spec: { taints } } });
      if (volumeLimits) await create(volumeLimits(name), undefined);
    }),
  createNamespaces: ({ names, template }) =>
    inParallel(names.length, async (at) => {
      for (const object of namespaceObjects(names[at] ?? "", template)) await create(object, names[at]);
    }),
  async createPods({ namespace, count, template, volume }) {
    const pod = await priorities.applied(template as Pod);
    if (!volume) return createAlike(`/api/v1/namespaces/${namespace}/pods`, podOf(pod), count);
    await inParallel(count, async () => {
      const made = volumeOf(volume, namespace);
      await client.resource(persistentVolumes).create(made.volume);
      await client.resource(persistentVolumes).updateStatus({ ...made.volume, status: { phase: "Bound" } });
      await client.resource(persistentVolumeClaims, namespace).create(made.claim);
      await client
        .resource(persistentVolumeClaims, namespace)
        .updateStatus({ ...made.claim, status: { phase: "Bound" } });
      await client.resource(pods, namespace).create(podOf(pod, made.claim));
    });
  },
  createAny: ({ template, count, namespace }) =>
    inParallel(count, async () => void (await create(template as KubernetesObject, namespace))),
  async deletePods({ namespace, selector, perSecond }) {
    const labelSelector = Object.entries(selector)
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    const { items } = await client.resource(pods, namespace).list({ labelSelector });
    const beganMs = performance.now();
    for (const [at, { metadata }] of items.entries()) {
      const dueMs = beganMs + (at * 1000) / perSecond - performance.now();
      if (dueMs > 0) await setTimeout(dueMs);
      await client.resource(pods, namespace).delete(metadata?.name ?? "");
    }
  },
  async churn(operation) {
    void churn(operation);
  },
} satisfies GeneratorCalls);

async function inParallel(count: number, make: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) await make(next++);
  };
  await Promise.all(Array.from({ length: connections }, work));
}

/** The same object again and again, with a name that the server gives: a client that takes as little of the machine as it can. */
async function createAlike(path: string, object: object, count: number): Promise<void> {
  const body = JSON.stringify(object);
  const head = `POST ${path} HTTP/1.1\r\nhost: ${endpoint.host}\r\ncontent-type: application/json\r\n`;
  const request = Buffer.from(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  let left = count;
  const next = () => (left-- > 0 ? request : undefined);
  const onAnswer = (status: number) => {
    if (status !== 201) throw new Error(`POST ${path} was answered with ${status}`);
  };
  await Promise.all(sockets.map((socket) => socket.run(next, onAnswer)));
}

async function create(object: KubernetesObject, namespace: string | undefined): Promise<KubernetesObject> {
  return client.resource(...placeOf(object, namespace)).create(object);
}

function placeOf(
  { apiVersion, kind }: KubernetesObject,
  namespace: string | undefined,
): [Resource<KubernetesObject>, string?] {
  const resource = builtInResources.find((one) => one.kind === kind && apiVersionOf(one) === apiVersion);
  if (!resource) throw new Error(`there is no kind ${apiVersion} ${kind}`);
  return resource.namespaced ? [resource, namespace ?? "default"] : [resource];
}

async function churn(operation: Operation & { opcode: "churn" }): Promise<never> {
  const { mode, number, templates, intervalMs, namespace } = operation;
  const made: string[][] = templates.map(() => []);
  for (;;) {
    for (const [at, template] of templates.entries()) {
      const names = made[at] as string[];
      const object = await priorities.applied(template as KubernetesObject);
      if (mode === "recreate" && names.length >= number) {
        await client.resource(...placeOf(object, namespace)).delete(names.shift() ?? "");
      }
      const { metadata } = await create(object, namespace);
      names.push(metadata?.name ?? "");
      await setTimeout(intervalMs);
    }
  }
}
