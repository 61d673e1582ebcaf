import type { Pod } from "#api";
import { messageOf } from "#base";
import type { Files } from "#host";
import type { AgentContext } from "../context.ts";
import type { SandboxFacts } from "../pods/observation.ts";
import { hostNetworkHostsFile, hostsFile, namesOnlyLoopback, resolvConf } from "./host-files.ts";
import { hostnameOf, hostPorts, sandboxSpec } from "./sandbox-spec.ts";

/** Namespaces, address and the files about names. Idempotent: what is there is adopted. */
export async function createSandbox(context: AgentContext, pod: Pod): Promise<SandboxFacts> {
  const { runtime, network, nodeName } = context;
  try {
    const known = (await runtime.sandboxes()).find((sandbox) => sandbox.id === pod.metadata?.uid);
    if (known && !known.ready) {
      context.events.normal(
        { pod },
        "SandboxChanged",
        "Pod sandbox changed, it will be killed and re-created.",
      );
      await removeSandbox(context, known.id);
    }
    const sandbox = await runtime.createSandbox(sandboxSpec(pod, nodeName));
    const { networkNamespace } = sandbox;
    const addresses =
      networkNamespace === undefined
        ? context.hostAddresses
        : (await network.attach({ id: sandbox.id, networkNamespace, hostPorts: hostPorts(pod) })).addresses;
    await writeHostFiles(context, pod, addresses);
    return { addresses };
  } catch (error) {
    const message = `Failed to create pod sandbox: ${messageOf(error)}`;
    context.events.warning({ pod }, "FailedCreatePodSandBox", message);
    throw new Error(message, { cause: error });
  }
}

/** Kills what is left in it and gives everything back. Idempotent. */
export async function removeSandbox(
  context: Pick<AgentContext, "runtime" | "network">,
  id: string,
): Promise<void> {
  // The address stays taken until nothing in the namespace can use it any more.
  await context.runtime.removeSandbox(id);
  await context.network.detach(id);
}

async function writeHostFiles(context: AgentContext, pod: Pod, addresses: readonly string[]): Promise<void> {
  const { host, layout, dns, nodeName } = context;
  const { files } = host;
  const uid = pod.metadata?.uid ?? "";
  const hostname = hostnameOf(pod, nodeName);
  await files.makeDirectory(layout.pod(uid), { mode: 0o755 });
  const ownResolver = await hostResolver(files);
  const hosts = pod.spec?.hostNetwork
    ? hostNetworkHostsFile(pod, (await files.read("/etc/hosts")) ?? "")
    : hostsFile(pod, hostname, dns.domain, addresses);
  const options = { mode: 0o644, durable: false };
  await Promise.all([
    files.write(layout.hostsFile(uid), hosts, options),
    files.write(layout.resolvConf(uid), resolvConf(pod, dns, ownResolver), options),
    files.write(layout.hostnameFile(uid), `${hostname}\n`, options),
  ]);
}

/** The machine's resolv.conf; where that names only a resolver on its own loopback, which pods cannot reach, what stands behind it. */
async function hostResolver(files: Files): Promise<string> {
  const own = (await files.read("/etc/resolv.conf")) ?? "";
  if (!namesOnlyLoopback(own)) return own;
  return (await files.read("/run/systemd/resolve/resolv.conf")) ?? own;
}
