export { settled, VirtualClock } from "#chassis/testing";
export { type Answering, hasChromium, type Key, type OpenPage, openPage } from "./chromium.ts";
export { contrastFunctions } from "./contrast.ts";
export {
  addNode,
  type ControlledCluster,
  controlledCluster,
  inShop,
  untilAll,
} from "./controlled-cluster.ts";
export { dialTunnel, type FakeAgent, type FakeAgentOptions, hungUp } from "./fake-agent.ts";
export { FakeApiServer, type FakeRequest } from "./fake-api-server.ts";
export { type FakeKubeletOptions, startFakeKubelet } from "./fake-kubelet.ts";
export { freePort } from "./free-port.ts";
export {
  type Kubectl,
  type KubectlOptions,
  kubectl,
  kubernetesTool,
  type Output,
} from "./kubernetes-tools.ts";
export { namespacedHost } from "./namespaced-host.ts";
export { lacksNats, natsProgram, type RealNats, type RealNatsOptions, realNats } from "./real-nats.ts";
export { lacksPostgres, postgresPrograms, type RealPostgres, realPostgres } from "./real-postgres.ts";
export { RealRuntime } from "./real-runtime.ts";
export {
  containerId,
  containerSpec,
  exitOf,
  podId,
  type RuntimeHarness,
  runtimeContract,
  runtimeScripts,
  sandboxSpec,
} from "./runtime-contract.ts";
export { type ServedCluster, type ServedClusterOptions, servedCluster } from "./served-cluster.ts";
export { type StartedProgram, startProgram } from "./start-program.ts";
export { type TestCluster, type TestClusterOptions, testAdmin, testCluster } from "./test-cluster.ts";
export {
  busyboxImage,
  digestOf,
  dockerArchive,
  lacksBusybox,
  ociArchive,
  type TestFile,
  type TestImage,
  testImage,
  testTar,
} from "./test-image.ts";
export { TestRegistry, type TestRegistryOptions } from "./test-registry.ts";
