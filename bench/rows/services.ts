import { silentLogger, systemClock } from "#base";
import { createHost, type Host } from "#host";
import { type NetworkConfig, prepareNetwork } from "#network";
import { namespacedHost } from "#testing";
import { openKeptNft } from "../../src/network/machine/kept-nft.ts";
import { nft } from "../../src/network/machine/nft.ts";
import { balancerChain } from "../../src/network/services/balancers.ts";
import { ServiceProgram, type WantedService } from "../../src/network/services/program.ts";
import type { ServicePort } from "../../src/network/services/service-table.ts";
import type { Context } from "../context.ts";
import { type Measurement, measurement, type Row } from "../row.ts";

export const servicesAll: Row = {
  name: "services-10000",
  what: "programming 10,000 services × 3 endpoints",
  unit: "s",
  better: "less",
  budget: 0.5,
  upstream: "23 to 40",
  bare: "nft from Node, as many bytes of elements of one map",
  measure: async (context) => (await programmed(context)).all,
};

export const servicesOne: Row = {
  name: "services-one",
  what: "one changed service of 10,000",
  unit: "ms",
  better: "less",
  budget: 10,
  upstream: "230",
  bare: "nft from Node, one element of an empty table",
  measure: async (context) => (await programmed(context)).one,
};

const services = 10_000;
const changes = 15;

/** From the decision's text to the kernel, in a network namespace that nothing else uses. */
function programmed(context: Context): Promise<{ all: Measurement; one: Measurement }> {
  return context.once("services", async () => {
    const machine = await context.machine();
    const real = createHost({ clock: systemClock, logger: silentLogger });
    const host = namespacedHost(real, `/run/netns/${machine.namespace}`);
    const network: NetworkConfig = {
      bridge: "bench0",
      table: "bench",
      clusterPodRange: "10.244.0.0/16",
      nodePodRange: "10.244.0.0/24",
      serviceRange: "10.96.0.0/16",
      dnsAddress: "10.96.0.10",
      clusterDomain: "cluster.local",
      nodePortRanges: ["127.0.0.0/8"],
      stateDirectory: machine.data,
    };
    await prepareNetwork(host, network);
    const bare: number[] = [];
    await nft(host, "table ip bare {\n map m {\n type ipv4_addr : ipv4_addr\n }\n}\n");
    for (let index = 0; index < changes; index++) {
      const element = `10.0.0.${index} : 10.0.1.${index}`;
      bare.push(await milliseconds(() => nft(host, `add element ip bare m { ${element} }\n`)));
    }
    const program = new ServiceProgram(network.table);
    const kept = openKeptNft(host, `${machine.data}/services.nft`);
    const all: number[] = [];
    const bareAll: number[] = [];
    for (let round = 0; round < 3; round++) {
      const chains = await balancerChains(host, network.table);
      let ruleset = "";
      const took = await milliseconds(() => {
        ruleset = program.reset(table(round), chains).ruleset;
        return kept.apply(ruleset);
      });
      all.push(took / 1000);
      const elements = plainElements(ruleset.length);
      bareAll.push((await milliseconds(() => nft(host, elements))) / 1000);
      await nft(host, "flush map ip bare m\n");
    }
    const one: number[] = [];
    for (let index = 0; index < changes; index++) {
      const key = `ns/s${index * 600}`;
      const changed = [[key, [port(index * 600, "changed")]]] as const;
      one.push(await milliseconds(() => kept.apply(program.replace(changed).ruleset)));
    }
    await kept.close();
    await machine.remove();
    return { all: measurement(all, bareAll), one: measurement(one, bare) };
  });
}

/** A ruleset of about so many bytes that fills one map of addresses. */
function plainElements(length: number): string {
  const elements: string[] = [];
  for (let size = 0; size < length; size += elements.at(-1)?.length ?? 0) {
    const low = `${(elements.length >> 16) & 255}.${(elements.length >> 8) & 255}.${elements.length & 255}`;
    elements.push(`12.${low} : 13.${low}`);
  }
  return `add element ip bare m { ${elements.join(", ")} }\n`;
}

/** What the round before left, as the service proxy finds it when it starts. */
async function balancerChains(host: Host, owner: string): Promise<string[]> {
  const { stdout } = await host.run({ program: "nft", arguments: ["-j", "list", "chains", "ip"] });
  const { nftables } = JSON.parse(stdout) as { nftables: { chain?: { table: string; name: string } }[] };
  const names = nftables.flatMap(({ chain }) => (chain?.table === owner ? [chain.name] : []));
  return names.filter((name) => balancerChain.test(name));
}

function* table(round: number): Generator<WantedService> {
  for (let index = 0; index < services; index++) yield [`ns/s${index}`, [port(index, `${round}`)]];
}

/** Every generation has endpoints of its own, so that nothing is left out as unchanged. */
function port(index: number, generation: string): ServicePort {
  const pods = generation === "changed" ? 200 : Number(generation) * 3;
  const low = `${(index >> 8) & 255}.${index & 255}`;
  return {
    id: `ns/s${index}:http:tcp`,
    frontends: [{ type: "address", address: `10.96.${low}`, protocol: "tcp", port: 80 }],
    endpoints: [0, 1, 2].map((pod) => `10.${(pods + pod) & 255}.${low} . 8080`).sort(),
    affinitySeconds: undefined,
  };
}

async function milliseconds(run: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await run();
  return performance.now() - began;
}
