import { startAgent } from "#agent";
import { endpointSlices, kubernetesVersion, services as serviceKind } from "#api";
import { Informers } from "#client";
import { connect } from "#client/node";
import { apiServiceAddressOf, cgroupParentOf, kubeconfigPath, networkOf } from "#cluster";
import { Departures, gatewayAddress, openPodNetwork, prepareNetwork, runServiceProxy } from "#network";
import { openRuntime } from "#runtime";
import { aborted, runProgram } from "./program.ts";

await runProgram("agent", async ({ config, layout, host, clock, random, logger, signal }) => {
  const gateway = gatewayAddress(config);
  const network = networkOf(config, layout, gateway);
  await prepareNetwork(host, network);
  const { client, connection } = connect({
    kubeconfigPath: kubeconfigPath(layout, "node"),
    clock,
    fieldManager: "nacre-agent",
  });
  const [{ runtime, images, close }, pods] = await Promise.all([
    openRuntime({
      host,
      stateDirectory: layout.runtime,
      runDirectory: layout.runtimeRun,
      cgroupParent: cgroupParentOf(config),
    }),
    openPodNetwork(host, network),
  ]);
  const informers = new Informers({ client, clock, random, logger, signal });
  const services = informers.of(serviceKind);
  const slices = informers.of(endpointSlices);
  const departures = new Departures(slices, clock);
  const agent = await startAgent({
    client,
    connection,
    host,
    runtime,
    images,
    network: pods,
    services,
    departures,
    nodeName: config.nodeName,
    nodeAddresses: [config.listen.find((address) => address !== "0.0.0.0") ?? gateway],
    podRange: config.nodePodRange,
    directories: { state: layout.agent, memory: `${layout.memory}/agent`, logs: `${layout.logs}/pods` },
    dns: { address: network.dnsAddress, domain: config.clusterDomain },
    kubernetes: { address: apiServiceAddressOf(config), port: 443 },
    version: kubernetesVersion.gitVersion,
    clock,
    random,
    logger,
  });
  await Promise.race([
    aborted(signal),
    runServiceProxy({
      host,
      config: network,
      nodeName: config.nodeName,
      services,
      slices,
      departures,
      clock,
      logger,
      signal,
    }),
  ]);
  await agent.close();
  await close();
});
