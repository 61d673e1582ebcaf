import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { join } from "node:path";
import { Readable } from "node:stream";

/** Where Kubernetes mounts what a pod has of its account. */
const mounted = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Asks the API server as the account of the pod that this runs in. Files are read for each question: Kubernetes renews them. */
export async function askAsServiceAccount(path: string, signal: AbortSignal): Promise<Response> {
  const [token, ca] = await Promise.all([readAccount("token"), readAccount("ca.crt")]);
  const { KUBERNETES_SERVICE_HOST: host = "kubernetes.default.svc", KUBERNETES_SERVICE_PORT: port = "443" } =
    process.env;
  const request = https.get({ host, port, path, ca, signal, headers: { authorization: `Bearer ${token}` } });
  const [answer] = (await once(request, "response", { signal })) as [IncomingMessage];
  return new Response(Readable.toWeb(answer) as ReadableStream<Uint8Array>, {
    status: answer.statusCode ?? 502,
  });
}

export function namespaceOfServiceAccount(): Promise<string> {
  return readAccount("namespace");
}

async function readAccount(name: string): Promise<string> {
  return (await readFile(join(mounted, name), "utf8")).trim();
}
