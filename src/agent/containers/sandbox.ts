import type { Pod } from "#api";
import { messageOf } from "#base";
import type { Files } from "#host";
import type { AgentContext } from "../context.ts";
import type { SandboxFacts } from "../pods/observation.ts";
import { hostNetworkHostsFile, hostsFile, namesOnlyLoopback, resolvConf } from "./host-files.ts";
import { requireRuntimeHandler } from "./runtime-handler.ts";
import { hostnameOf, hostPorts, sandboxSpec } from "./sandbox-spec.ts";

/** Namespaces, address and the files about names. Idempotent: what is there is adopted. */
export async function createSandbox(context: AgentContext, pod: Pod): Promise<SandboxFacts> {
  const { runtime, network, nodeName } = context;
  try {
    await requireRuntimeHandler(context, pod);
    // Of a wall that this node does not build, the pod must not believe that it is there.
    if (pod.spec?.hostUsers === false)
      throw new Error("this node makes no user namespaces (hostUsers: false)");
    const known = await runtime.sandbox(pod.metadata?.uid ?? "");
    if (known && !known.ready) {
      context.events.normal(
        { pod },
        "SandboxChanged",
        "Pod sandbox changed, it will be killed and re-created.",
      );
      await removeSandbox(context, known.id);
    }
    // What does not depend on the address is written while the namespaces are made.
    const [sandbox] = await Promise.all([
      runtime.createSandbox(sandboxSpec(pod, nodeName)),
      writeNames(context, pod),
    ]);
    const { networkNamespace } = sandbox;
    const addresses =
      networkNamespace === undefined
        ? context.hostAddresses
        : (await network.attach({ id: sandbox.id, networkNamespace, hostPorts: hostPorts(pod) })).addresses;
    await writeHosts(context, pod, addresses);
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

const written = { mode: 0o644, durable: false };

async function writeNames({ host, layout, dns, nodeName }: AgentContext, pod: Pod): Promise<void> {
  const { files } = host;
  const uid = pod.metadata?.uid ?? "";
  await files.makeDirectory(layout.pod(uid), { mode: 0o755 });
  await Promise.all([
    hostResolver(files).then((own) =>
      files.write(layout.resolvConf(uid), resolvConf(pod, dns, own), written),
    ),
    files.write(layout.hostnameFile(uid), `${hostnameOf(pod, nodeName)}\n`, written),
  ]);
}

async function writeHosts(context: AgentContext, pod: Pod, addresses: readonly string[]): Promise<void> {
  const { host, layout, dns, nodeName } = context;
  const hosts = pod.spec?.hostNetwork
    ? hostNetworkHostsFile(pod, (await host.files.read("/etc/hosts")) ?? "")
    : hostsFile(pod, hostnameOf(pod, nodeName), dns.domain, addresses);
  await host.files.write(layout.hostsFile(pod.metadata?.uid ?? ""), hosts, written);
}

/** The machine's resolv.conf; where that names only a resolver on its own loopback, which pods cannot reach, what stands behind it. */
async function hostResolver(files: Files): Promise<string> {
  const own = (await files.read("/etc/resolv.conf")) ?? "";
  if (!namesOnlyLoopback(own)) return own;
  return (await files.read("/run/systemd/resolve/resolv.conf")) ?? own;
}
