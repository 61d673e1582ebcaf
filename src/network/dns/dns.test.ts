import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { connect } from "node:net";
import { test } from "node:test";
import { type Answer, decode, encode, type Packet, type RecordType } from "dns-packet";
import { must, seededRandom } from "#base";
import { limits } from "../limits.ts";
import { listen } from "./listener.ts";
import { namesOf, type ServiceNames } from "./names.ts";
import { createResponder } from "./responder.ts";
import { nameservers, type Upstream } from "./upstream.ts";
import { Zone } from "./zone.ts";

const nobody: Upstream = async () => undefined;

const web: ServiceNames = {
  namespace: "shop",
  name: "web",
  addresses: ["10.96.0.50"],
  ports: [{ name: "http", protocol: "tcp", port: 80 }],
  endpoints: [],
};

const database: ServiceNames = {
  namespace: "shop",
  name: "database",
  addresses: [],
  ports: [],
  endpoints: ["0", "1"].map((index) => ({
    address: `10.244.0.${20 + Number(index)}`,
    hostname: `database-${index}`,
    ports: [{ name: "sql", protocol: "tcp", port: 5432 }],
  })),
};

function zone(...services: ServiceNames[]): Zone {
  const made = new Zone({ domain: "cluster.local", random: seededRandom(1) });
  for (const service of services) made.set(service);
  return made;
}

function ask(
  from: Zone,
  name: string,
  type: RecordType = "A",
): { code: string; data: unknown[] } | undefined {
  const answer = from.answer(name, type);
  return (
    answer && { code: answer.code, data: answer.answers.map((record) => (record as { data: unknown }).data) }
  );
}

test("a service's name is its address", () => {
  assert.deepEqual(ask(zone(web), "web.shop.svc.cluster.local"), { code: "NOERROR", data: ["10.96.0.50"] });
});

test("names are found whatever their case, and answered in the case they were asked in", () => {
  const answer = zone(web).answer("Web.SHOP.svc.Cluster.local", "A");
  assert.deepEqual(
    answer?.answers.map((record) => record.name),
    ["Web.SHOP.svc.Cluster.local"],
  );
});

test("a headless service's name is the addresses of its pods, each of which has a name too", () => {
  const all = ask(zone(database), "database.shop.svc.cluster.local");
  assert.deepEqual([...(all?.data ?? [])].sort(), ["10.244.0.20", "10.244.0.21"]);
  assert.deepEqual(ask(zone(database), "database-1.database.shop.svc.cluster.local")?.data, ["10.244.0.21"]);
});

test("named ports are SRV records that lead to the service, or to each pod of a headless one", () => {
  assert.deepEqual(ask(zone(web), "_http._tcp.web.shop.svc.cluster.local", "SRV")?.data, [
    { priority: 0, weight: 100, port: 80, target: "web.shop.svc.cluster.local" },
  ]);
  const targets = ask(zone(database), "_sql._tcp.database.shop.svc.cluster.local", "SRV")?.data as {
    target: string;
  }[];
  assert.deepEqual(targets.map(({ target }) => target).sort(), [
    "database-0.database.shop.svc.cluster.local",
    "database-1.database.shop.svc.cluster.local",
  ]);
});

test("an external name is an alias", () => {
  const alias = { ...web, addresses: [], alias: "api.example.com" };
  assert.deepEqual(ask(zone(alias), "web.shop.svc.cluster.local")?.data, ["api.example.com"]);
});

/** A responder that knows some aliases, and whom it asks about the world. */
function aliases(names: Record<string, string>, upstream: Upstream) {
  const services = Object.entries(names).map(([name, alias]) => ({ ...web, name, addresses: [], alias }));
  const responder = createResponder(zone(web, ...services), upstream);
  return async (name: string) => {
    const question = { type: "A", name: `${name}.shop.svc.cluster.local` } as const;
    const answer = await responder(encode({ type: "query", id: 5, questions: [question] }), "tcp");
    return decode(Buffer.from(must(answer, "every question is answered"))) as Packet & { rcode?: string };
  };
}

const dataOf = ({ answers }: Packet) => answers?.map((one) => "data" in one && one.data);

/** The world: one address, which also has another name. */
const world: Upstream = async (query) => {
  const { id = 0, questions = [] } = decode(Buffer.from(query));
  const [{ name } = { name: "" }] = questions;
  const answers: Answer[] = [
    { type: "CNAME", name, ttl: 60, data: "edge.example.com" },
    { type: "A", name: "edge.example.com", ttl: 60, data: "192.0.2.7" },
  ];
  return encode({ type: "response", id, questions, answers });
};

test("an alias is answered with what it stands for, in the cluster and outside", async () => {
  const names = { inside: "Web.shop.svc.cluster.local", outside: "api.example.com" };
  const ask = aliases(names, world);
  assert.deepEqual(dataOf(await ask("inside")), ["Web.shop.svc.cluster.local", "10.96.0.50"]);
  assert.deepEqual(dataOf(await ask("outside")), ["api.example.com", "edge.example.com", "192.0.2.7"]);
  assert.deepEqual(dataOf(await aliases(names, nobody)("outside")), ["api.example.com"]);
});

test("aliases that go round in a ring are left after a while", async () => {
  const ring = await aliases({ ring: "ring.shop.svc.cluster.local" }, nobody)("ring");
  assert.equal(ring.answers?.length, limits.dnsAliases + 1);
});

test("upstream is asked once about an alias, under the number that the client chose", async () => {
  const ids: (number | undefined)[] = [];
  const counted: Upstream = (query, over) => {
    ids.push(decode(Buffer.from(query)).id);
    return world(query, over);
  };
  await aliases({ outside: "api.example.com" }, counted)("outside");
  assert.deepEqual(ids, [5]);
});

test("an alias whose name is answered with something that is not DNS is a failure of the server", async () => {
  const garbage: Upstream = async () => Buffer.from([0, 5, 1]);
  const { rcode } = await aliases({ outside: "api.example.com" }, garbage)("outside");
  assert.equal(rcode, "SERVFAIL");
});

test("pods' addresses have names, and addresses of services and pods lead back to names", () => {
  assert.deepEqual(ask(zone(web), "10-244-0-7.shop.pod.cluster.local")?.data, ["10.244.0.7"]);
  assert.deepEqual(ask(zone(web), "50.0.96.10.in-addr.arpa", "PTR")?.data, ["web.shop.svc.cluster.local"]);
  assert.deepEqual(ask(zone(database), "21.0.244.10.in-addr.arpa", "PTR")?.data, [
    "database-1.database.shop.svc.cluster.local",
  ]);
});

test("a name in the cluster that is not there is NXDOMAIN; one that is there but has no such record is empty", () => {
  const empty = zone(web).answer("web.shop.svc.cluster.local", "AAAA");
  assert.equal(empty?.code, "NOERROR");
  assert.equal(empty?.answers.length, 0);
  assert.deepEqual(
    empty?.authorities.map((record) => record.type),
    ["SOA"],
  );
  for (const name of [
    "nothing.shop.svc.cluster.local",
    "web.other.svc.cluster.local",
    "example.com.shop.svc.cluster.local",
  ]) {
    assert.equal(zone(web).answer(name, "A")?.code, "NXDOMAIN", name);
  }
});

test("names outside the cluster are not ours to answer", () => {
  assert.equal(zone(web).answer("example.com", "A"), undefined);
  assert.equal(zone(web).answer("8.8.8.8.in-addr.arpa", "PTR"), undefined);
});

test("a service that is deleted takes its names along, and its reverse name", () => {
  const names = zone(web);
  names.delete("shop/web");
  assert.equal(names.answer("web.shop.svc.cluster.local", "A")?.code, "NXDOMAIN");
  assert.equal(names.answer("50.0.96.10.in-addr.arpa", "PTR"), undefined);
});

test("pods that are not ready are left out unless the service publishes them", () => {
  const service = { metadata: { namespace: "shop", name: "database" }, spec: { clusterIP: "None" } };
  const slice = {
    addressType: "IPv4",
    endpoints: [
      { addresses: ["10.244.0.1"], conditions: { ready: true } },
      { addresses: ["10.244.0.2"], conditions: { ready: false } },
    ],
  };
  assert.deepEqual(
    namesOf(service, [slice]).endpoints.map(({ address }) => address),
    ["10.244.0.1"],
  );
  const published = { ...service, spec: { ...service.spec, publishNotReadyAddresses: true } };
  assert.equal(namesOf(published, [slice]).endpoints.length, 2);
});

test("over UDP what does not fit is cut with a mark, and comes whole over TCP", async () => {
  const many = {
    ...database,
    endpoints: Array.from({ length: 60 }, (_, index) => ({
      address: `10.244.1.${index}`,
      hostname: `p${index}`,
      ports: [],
    })),
  };
  const responder = createResponder(zone(many), nobody);
  const listener = await listen({ address: "127.0.0.1", port: 0, responder });
  try {
    const query = Buffer.from(
      encode({ type: "query", id: 7, questions: [{ type: "A", name: "database.shop.svc.cluster.local" }] }),
    );
    const overUdp = await udp(listener.port, query);
    assert.equal(overUdp.flag_tc, true);
    assert.equal(overUdp.answers?.length, 0);
    assert.equal((await tcp(listener.port, query)).answers?.length, 60);
  } finally {
    await listener.close();
  }
});

test("what nobody upstream answers is a failure of the server, and garbage is not answered at all", async () => {
  const responder = createResponder(zone(), nobody);
  const query = encode({ type: "query", id: 9, questions: [{ type: "A", name: "example.com" }] });
  assert.equal(
    (decode(Buffer.from((await responder(query, "udp")) as Uint8Array)) as unknown as { rcode: string })
      .rcode,
    "SERVFAIL",
  );
  assert.equal(await responder(new Uint8Array([1, 2, 3]), "udp"), undefined);
});

test("a resolver's configuration is read without the resolver itself", () => {
  const text = "# hi\nsearch x\nnameserver 127.0.0.53\nnameserver 10.96.0.10\n nameserver 192.0.2.1\n";
  assert.deepEqual(nameservers(text, ["10.96.0.10"]), ["127.0.0.53", "192.0.2.1"]);
});

function udp(port: number, query: Buffer): Promise<Packet & { flag_tc?: boolean }> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("message", (answer) => {
      socket.close();
      resolve(decode(answer));
    });
    socket.send(query, port, "127.0.0.1");
  });
}

function tcp(port: number, query: Buffer): Promise<Packet> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let received = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE()) return;
      socket.destroy();
      resolve(decode(received.subarray(2)));
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
  });
}
