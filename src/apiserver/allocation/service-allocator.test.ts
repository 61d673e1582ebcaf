import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Service, type ServiceSpec, services } from "#api";
import { ApiError, isInvalid, must, seededRandom, systemClock } from "#base";
import { openMemoryStore, type Snapshot, type Store } from "#store";
import { decode, encode, stamp } from "../registry/bytes.ts";
import { keyOf } from "../registry/keys.ts";
import { addressKey } from "./cluster-addresses.ts";
import { serviceAllocator } from "./service-allocator.ts";

// A long run looks at many more.
const runs = (some: number) => (process.env.NACRE_LONG ? some * 20 : some);

const provenance = { user: "test", verb: "create", requestId: "1", at: 0 };
const spec = (more: ServiceSpec = {}): ServiceSpec => ({
  type: "ClusterIP",
  ports: [{ port: 80, protocol: "TCP" }],
  ...more,
});

async function world(options: { serviceRange?: string; ports?: [number, number] } = {}) {
  const [first, last] = options.ports ?? [30000, 32767];
  const allocator = serviceAllocator({
    serviceRange: options.serviceRange ?? "10.96.0.0/16",
    nodePortRange: { first, last },
    clock: systemClock,
    random: seededRandom(1),
  });
  const store = await openMemoryStore({ stamp });
  const plan = (name: string, wanted: ServiceSpec | undefined, snapshot: Snapshot = store.snapshot()) => {
    const key = keyOf(services, name, "shop");
    const entry = snapshot.get(key);
    const oldObject = entry && (decode(entry.value) as Service);
    const object: Service | undefined = wanted && {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace: "shop", uid: name },
      spec: wanted,
    };
    const part = allocator.participate({ object, oldObject, dryRun: false }, snapshot);
    return { key, part, expected: entry?.modRevision ?? 0, exists: entry !== undefined };
  };
  const commit = async ({ key, part, expected, exists }: ReturnType<typeof plan>): Promise<boolean> => {
    if (!part.object && !exists) return true;
    const result = await store.commit({
      preconditions: [{ key, modRevision: expected }, ...part.preconditions],
      operations: [
        part.object ? { type: "put", key, value: encode(part.object) } : { type: "delete", key },
        ...part.operations,
      ],
      provenance,
    });
    return result.committed;
  };
  const put = async (name: string, wanted: ServiceSpec | undefined): Promise<Service> => {
    const planned = plan(name, wanted);
    assert.ok(await commit(planned));
    return planned.part.object as Service;
  };
  return { store, plan, commit, put };
}

function held(store: Store): { addresses: string[]; ports: number[] } {
  const all = store
    .snapshot()
    .scan("/registry/core/services/")
    .map((entry) => decode(entry.value) as Service);
  const ips = all.flatMap((each) => (each.spec?.clusterIPs ?? []).filter((address) => address !== "None"));
  const ports = all.flatMap((each) => [
    ...new Set((each.spec?.ports ?? []).flatMap((port) => port.nodePort || [])),
  ]);
  return { addresses: ips, ports };
}

function recorded(store: Store): { addresses: string[]; ports: number[] } {
  const names = (prefix: string) =>
    store
      .snapshot()
      .scan(prefix)
      .map((entry) => entry.key.slice(prefix.length));
  return {
    addresses: names("/registry/networking.k8s.io/ipaddresses/"),
    ports: names("/nacre/nodeports/").map(Number),
  };
}

function reject(what: () => unknown, pattern: RegExp): void {
  assert.throws(what, (error: unknown) => isInvalid(error) && pattern.test((error as ApiError).message));
}

test("a service gets an address of the range, and its record names the service", async () => {
  const { put, store } = await world();
  const service = await put("web", spec());
  const address = must(service.spec?.clusterIP, "an address");
  assert.match(address, /^10\.96\./);
  assert.deepEqual(service.spec?.clusterIPs, [address]);
  assert.deepEqual([service.spec?.ipFamilies, service.spec?.ipFamilyPolicy], [["IPv4"], "SingleStack"]);
  const record = decode(must(store.snapshot().get(addressKey(address)), "a record").value);
  assert.deepEqual((record as { spec?: { parentRef?: object } }).spec?.parentRef, {
    group: "",
    resource: "services",
    namespace: "shop",
    name: "web",
  });
});

test("planning leaves the request's object as it was", async () => {
  const { plan } = await world();
  const wanted = spec({ type: "NodePort" });
  const before = structuredClone(wanted);
  plan("web", wanted);
  assert.deepEqual(wanted, before);
});

test("asked-for addresses and ports are honoured, or refused with the reason", async () => {
  const { put, plan } = await world();
  const ports = [{ port: 80, protocol: "TCP", nodePort: 30080 }];
  const first = await put("one", spec({ type: "NodePort", clusterIP: "10.96.0.10", ports }));
  assert.equal(first.spec?.clusterIP, "10.96.0.10");
  assert.equal(first.spec?.ports?.[0]?.nodePort, 30080);
  reject(
    () => plan("two", spec({ clusterIP: "10.96.0.10" })),
    /^Service "two" is invalid: spec\.clusterIPs: Invalid value: \["10\.96\.0\.10"\]: failed to allocate IP 10\.96\.0\.10: provided IP is already allocated$/,
  );
  reject(() => plan("two", spec({ clusterIP: "10.97.0.1" })), /not in the valid range.*10\.96\.0\.0\/16/);
  reject(
    () => plan("two", spec({ type: "NodePort", ports })),
    /spec\.ports\[0\]\.nodePort: Invalid value: 30080: provided port is already allocated/,
  );
  const low = [{ port: 80, protocol: "TCP", nodePort: 80 }];
  reject(() => plan("two", spec({ type: "NodePort", ports: low })), /valid ports is 30000-32767/);
});

test("an update keeps what is held, and changes of type give back and take", async () => {
  const { put, store } = await world();
  const first = await put("web", spec({ type: "NodePort" }));
  const kept = await put("web", {
    ...first.spec,
    ports: [...(first.spec?.ports ?? []), { port: 81, protocol: "TCP" }],
  });
  assert.equal(kept.spec?.clusterIP, first.spec?.clusterIP);
  assert.equal(kept.spec?.ports?.[0]?.nodePort, first.spec?.ports?.[0]?.nodePort);
  assert.ok(kept.spec?.ports?.[1]?.nodePort);
  const forgotten = await put("web", spec({ type: "NodePort" }));
  assert.equal(forgotten.spec?.clusterIP, first.spec?.clusterIP);
  const plain = await put("web", spec());
  assert.deepEqual(recorded(store).ports, []);
  assert.equal(plain.spec?.clusterIP, first.spec?.clusterIP);
  const external = await put("web", spec({ type: "ExternalName", externalName: "example.com" }));
  assert.equal(external.spec?.clusterIP, undefined);
  assert.deepEqual(recorded(store), { addresses: [], ports: [] });
  assert.ok((await put("web", spec())).spec?.clusterIP);
});

test("deleting gives everything back; headless services take nothing", async () => {
  const { put, store } = await world();
  await put("web", spec({ type: "LoadBalancer", externalTrafficPolicy: "Local" }));
  assert.equal(recorded(store).ports.length, 2);
  await put("web", undefined);
  const headless = await put("db", spec({ clusterIP: "None", selector: { app: "db" } }));
  assert.equal(headless.spec?.clusterIP, "None");
  assert.deepEqual(recorded(store), { addresses: [], ports: [] });
});

test("one port number over two protocols shares its node port", async () => {
  const { put } = await world();
  const ports = [
    { name: "udp", port: 53, protocol: "UDP" },
    { name: "tcp", port: 53, protocol: "TCP" },
    { name: "other", port: 9153, protocol: "TCP" },
  ];
  const service = await put("dns", spec({ type: "NodePort", ports }));
  const [udp, tcp, other] = service.spec?.ports?.map((port) => port.nodePort) ?? [];
  assert.equal(udp, tcp);
  assert.notEqual(tcp, other);
});

test("a second address family is refused where it is required, and dropped where it is preferred", async () => {
  const { put, plan } = await world();
  reject(() => plan("web", spec({ ipFamilyPolicy: "RequireDualStack" })), /not configured for dual-stack/);
  reject(
    () => plan("web", spec({ ipFamilies: ["IPv6"] })),
    /spec\.ipFamilies\[0\].*not configured on this cluster/,
  );
  const service = await put("web", spec({ ipFamilyPolicy: "PreferDualStack", ipFamilies: ["IPv4", "IPv6"] }));
  assert.deepEqual(service.spec?.ipFamilies, ["IPv4"]);
});

test("a full range says so", async () => {
  const { put, plan } = await world({ serviceRange: "10.96.0.0/28" });
  for (let index = 0; index < 14; index += 1) await put(`s${index}`, spec());
  assert.throws(() => plan("more", spec()), /failed to allocate a serviceIP: range is full/);
});

test("no address and no port is ever held twice, or leaked, however servers race", async () => {
  const types = fc.constantFrom<ServiceSpec | undefined>(
    undefined,
    spec(),
    spec({ type: "NodePort" }),
    spec({ type: "NodePort", ports: [{ port: 1, protocol: "TCP", nodePort: 30001 }] }),
    spec({ clusterIP: "10.96.0.5" }),
    spec({ clusterIP: "None" }),
    spec({ type: "ExternalName", externalName: "x" }),
  );
  const writes = fc.array(
    fc.record({ name: fc.constantFrom("a", "b", "c", "d", "e"), wanted: types, behind: fc.nat(2) }),
    { maxLength: 25 },
  );
  await fc.assert(
    fc.asyncProperty(writes, async (list) => {
      const { store, plan, commit } = await world({ serviceRange: "10.96.0.0/28", ports: [30000, 30007] });
      const past: Snapshot[] = [store.snapshot()];
      for (const { name, wanted, behind } of list) {
        const snapshot = must(past.at(-1 - behind) ?? past[0], "a snapshot");
        try {
          await commit(plan(name, wanted, snapshot));
        } catch (error) {
          assert.ok(error instanceof ApiError, String(error));
        }
        past.push(store.snapshot());
        const [now, records] = [held(store), recorded(store)];
        assert.deepEqual(now.addresses.sort(), records.addresses.sort());
        assert.deepEqual(now.ports.sort(), records.ports.sort());
        assert.equal(new Set(now.addresses).size, now.addresses.length);
        assert.equal(new Set(now.ports).size, now.ports.length);
      }
    }),
    { numRuns: runs(50) },
  );
});
