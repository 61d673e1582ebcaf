import { type Pod, secrets } from "#api";
import { parseReference, type RegistryCredentials } from "#runtime";
import type { ObjectSource } from "../objects.ts";

interface DockerAuth {
  readonly username?: string;
  readonly password?: string;
  /** `user:password`, base64. */
  readonly auth?: string;
}

/** Looks the image's registry up in the pod's `imagePullSecrets` (kubernetes.io/dockerconfigjson and dockercfg). */
export async function pullCredentials(
  pod: Pod,
  reference: string,
  objects: ObjectSource,
): Promise<RegistryCredentials | undefined> {
  const { registry } = parseReference(reference);
  for (const { name } of pod.spec?.imagePullSecrets ?? []) {
    const secret = name ? await objects.get(secrets, pod.metadata?.namespace ?? "", name) : undefined;
    const found = secret && credentialsFor(registry, secret.data ?? {});
    if (found) return found;
  }
  return undefined;
}

/** Pure. `data` is a Secret's. */
export function credentialsFor(
  registry: string,
  data: Readonly<Record<string, string>>,
): RegistryCredentials | undefined {
  const modern = data[".dockerconfigjson"];
  const text = modern ?? data[".dockercfg"];
  if (!text) return undefined;
  let auths: Record<string, DockerAuth>;
  try {
    const parsed = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
    auths = (modern ? parsed.auths : parsed) ?? {};
  } catch {
    return undefined;
  }
  for (const [server, auth] of Object.entries(auths)) {
    if (hostOf(server) !== hostOf(registry)) continue;
    const [user, ...rest] = Buffer.from(auth.auth ?? "", "base64")
      .toString("utf8")
      .split(":");
    const username = auth.username ?? user;
    const password = auth.password ?? rest.join(":");
    if (username) return { username, password };
  }
  return undefined;
}

/** `https://index.docker.io/v1/` and `docker.io` are the same place. */
function hostOf(server: string): string {
  const host = server.replace(/^https?:\/\//, "").split("/")[0] ?? "";
  return host === "index.docker.io" || host === "registry-1.docker.io" ? "docker.io" : host;
}
