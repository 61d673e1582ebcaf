import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { limits } from "../limits.ts";
import { type ServiceChange, ServiceProgram } from "./program.ts";
import type { ServicePort } from "./service-table.ts";

/** What the kernel would hold: applies the statements that programs are made of, and refuses what `nft` would refuse. */
class Kernel {
  readonly maps = new Map<string, Map<string, string>>();
  readonly chains = new Map<string, string[]>();

  apply({ ruleset }: ServiceChange): void {
    for (const line of ruleset.split("\n")) {
      const [verb, what, , , name = "", ...rest] = line.split(" ");
      if (what === "element") {
        const elements = /\{ (.*) \}$/.exec(line)?.[1] ?? "";
        this.#elements(verb as string, name, elements.split(", "));
      } else if (verb === "flush") this.maps.delete(name);
      else if (verb === "delete") this.#deleteChain(name);
      else if (what === "rule") this.#chain(name).push(rest.join(" "));
      else if (what === "chain") {
        assert.ok(!this.chains.has(name), `chain ${name} is there already`);
        this.chains.set(name, []);
      } else assert.equal(line, "");
    }
  }

  /** Where a packet to a frontend can end up, in the order in which connections do. */
  targets(map: "service-marks" | "node-port-marks", key: string): string[] {
    const mark = this.maps.get(map)?.get(key);
    if (!mark) return [];
    const number = Number(mark) % limits.balancerNumbers;
    const id = Number(mark) - number;
    const verdict = this.maps.get("balancers")?.get(`${number}`);
    assert.ok(verdict, "a mark without a balancer");
    const rules = this.#chain(verdict.replace("goto ", "")).join("\n");
    const [, count] = /numgen inc mod (\d+)$/m.exec(rules) ?? [];
    const isSticky = rules.includes("map @slots");
    return Array.from({ length: Number(count) }, (_, index) => {
      const slot = isSticky ? this.maps.get("slots")?.get(`${id} . ${index}`) : index;
      const target = this.maps.get("endpoints")?.get(`${id} . ${slot}`);
      assert.ok(target, "a number without an endpoint");
      return target;
    });
  }

  #elements(verb: string, map: string, elements: string[]): void {
    const content = this.maps.get(map) ?? new Map<string, string>();
    this.maps.set(map, content);
    for (const element of elements) {
      const [key, value = ""] = element.split(" : ") as [string, string?];
      if (verb === "add") {
        assert.ok(!content.has(key), `${map} already has ${key}`);
        content.set(key, value);
      } else {
        assert.ok(content.delete(key), `${map} has no ${key} to delete`);
      }
    }
  }

  #deleteChain(name: string): void {
    for (const verdict of this.maps.get("balancers")?.values() ?? []) {
      assert.notEqual(verdict, `goto ${name}`, "a chain in use cannot be deleted");
    }
    assert.ok(this.chains.delete(name), `no chain ${name} to delete`);
  }

  #chain(name: string): string[] {
    const chain = this.chains.get(name);
    assert.ok(chain, `no chain ${name}`);
    return chain;
  }
}

const services = ["a", "b", "c"];

/** One service's ports at some moment; addresses and ports never collide between services, as the API sees to. */
const portsOf = (service: string): fc.Arbitrary<ServicePort[]> =>
  fc
    .record({
      endpoints: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
      nodePort: fc.boolean(),
      affinitySeconds: fc.constantFrom(undefined, 60),
    })
    .map(({ endpoints, nodePort, affinitySeconds }) => [
      {
        id: `default/${service}:http:tcp`,
        frontends: [
          { type: "address", address: `10.96.0.${services.indexOf(service) + 1}`, protocol: "tcp", port: 80 },
          ...(nodePort
            ? [
                {
                  type: "node-port" as const,
                  protocol: "tcp" as const,
                  port: 30000 + services.indexOf(service),
                },
              ]
            : []),
        ],
        endpoints: endpoints.map((last) => `10.244.0.${last} . 8080`).sort(),
        affinitySeconds,
      },
    ]);

test("whatever changes in whatever order, the kernel ends with exactly the endpoints that were wanted", () => {
  const change = fc
    .constantFrom(...services)
    .chain((service) => fc.tuple(fc.constant(service), portsOf(service)));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
      const kernel = new Kernel();
      const program = new ServiceProgram("t");
      const wanted = new Map<string, ServicePort[]>();
      for (const [service, ports] of changes) {
        kernel.apply(program.replace([[service, ports]]));
        wanted.set(service, ports);
        for (const { frontends, endpoints } of [...wanted.values()].flat()) {
          for (const frontend of frontends) {
            const key = `tcp . ${frontend.port}`;
            const found =
              frontend.type === "address"
                ? kernel.targets("service-marks", `${frontend.address} . ${key}`)
                : kernel.targets("node-port-marks", key);
            assert.deepEqual(found, endpoints);
          }
        }
      }
      for (const service of services) kernel.apply(program.replace([[service, []]]));
      assert.equal(kernel.chains.size, 0);
      for (const [name, map] of kernel.maps) assert.equal(map.size, 0, `${name} is not empty`);
    }),
  );
});

test("what does not change is not programmed again", () => {
  const program = new ServiceProgram("t");
  const [ports] = fc.sample(portsOf("a"), { numRuns: 1, seed: 3 }) as [ServicePort[]];
  program.replace([["a", ports]]);
  assert.equal(program.replace([["a", structuredClone(ports)]]).ruleset, "");
});

const web = (service: string, endpoints: readonly string[]): ServicePort => ({
  id: `default/${service}:http:tcp`,
  frontends: [{ type: "address", address: "192.0.2.1", protocol: "tcp", port: 80 }],
  endpoints,
  affinitySeconds: undefined,
});

test("an endpoint that takes another's place changes one element and nothing else", () => {
  const program = new ServiceProgram("t");
  const first = program.replace([["a", [web("a", ["10.244.0.1 . 8080", "10.244.0.2 . 8080"])]]]);
  const id = / (\d+) \. 1 : /.exec(first.ruleset)?.[1];
  assert.equal(
    program.replace([["a", [web("a", ["10.244.0.1 . 8080", "10.244.0.3 . 8080"])]]]).ruleset,
    `delete element ip t endpoints { ${id} . 1 }\nadd element ip t endpoints { ${id} . 1 : 10.244.0.3 . 8080 }\n`,
  );
});

test("an endpoint keeps its slot while others come and go, and in another run", () => {
  const slotOf = (program: ServiceProgram, endpoints: string[]) => {
    const port = { ...web("a", endpoints), affinitySeconds: 60 };
    return / (\d+) : 10\.244\.0\.2 /.exec(program.replace([["a", [port]]]).ruleset)?.[1];
  };
  const slot = slotOf(new ServiceProgram("t"), ["10.244.0.2 . 1"]);
  const program = new ServiceProgram("t");
  assert.equal(slotOf(program, ["10.244.0.1 . 1", "10.244.0.2 . 1"]), slot);
  assert.equal(slotOf(program, ["10.244.0.2 . 1", "10.244.0.3 . 1"]), undefined, "no element of it changes");
});

test("an address and port that two services claim belongs to the first until it leaves", () => {
  const kernel = new Kernel();
  const program = new ServiceProgram("t");
  const targets = () => kernel.targets("service-marks", "192.0.2.1 . tcp . 80");
  kernel.apply(program.replace([["a", [web("a", ["10.244.0.1 . 1"])]]]));
  kernel.apply(program.replace([["b", [web("b", ["10.244.0.2 . 1", "10.244.0.3 . 1"])]]]));
  assert.deepEqual(targets(), ["10.244.0.1 . 1"]);
  kernel.apply(program.replace([["a", []]]));
  assert.deepEqual(targets(), ["10.244.0.2 . 1", "10.244.0.3 . 1"]);
  kernel.apply(program.replace([["b", []]]));
  assert.deepEqual(targets(), []);
});

test("an address that moves from one service to another in one change answers for the other", () => {
  const kernel = new Kernel();
  const program = new ServiceProgram("t");
  kernel.apply(program.replace([["a", [web("a", ["10.244.0.1 . 1"])]]]));
  kernel.apply(
    program.replace([
      ["b", [web("b", ["10.244.0.2 . 1"])]],
      ["a", []],
    ]),
  );
  assert.deepEqual(kernel.targets("service-marks", "192.0.2.1 . tcp . 80"), ["10.244.0.2 . 1"]);
});

test("flows may be stranded where a UDP endpoint leaves or a UDP frontend comes, and nowhere else", () => {
  const strands = (protocol: "tcp" | "udp", before: string[], after: string[]) => {
    const program = new ServiceProgram("t");
    const port = (endpoints: string[]): ServicePort => ({
      ...web("a", endpoints),
      frontends: [{ type: "node-port", protocol, port: 30053 }],
    });
    program.replace([["a", [port(before)]]]);
    return program.replace([["a", [port(after)]]]).strandsFlows;
  };
  const [one, two] = ["10.244.0.1 . 53", "10.244.0.2 . 53"];
  assert.equal(strands("udp", [one], [two]), true);
  assert.equal(strands("udp", [one], []), true);
  assert.equal(strands("udp", [], [one]), true);
  assert.equal(strands("udp", [one], [one, two]), false);
  assert.equal(strands("tcp", [one], [two]), false);
});

test("a reset installs everything anew over whatever an earlier run left", () => {
  const kernel = new Kernel();
  const [before, after] = fc.sample(
    portsOf("a").filter(([port]) => (port?.endpoints.length ?? 0) > 0),
    2,
  ) as [ServicePort[], ServicePort[]];
  kernel.apply(new ServiceProgram("t").replace([["a", before]]));
  kernel.apply(new ServiceProgram("t").reset([["a", after]], [...kernel.chains.keys()]));
  assert.deepEqual(kernel.targets("service-marks", "10.96.0.1 . tcp . 80"), after[0]?.endpoints);
});
