import type { KeyPair } from "./certificate.ts";

/** One way into one cluster: `clientcmd.v1.Config` with a single cluster, user and context, as plain data. */
export interface Kubeconfig {
  readonly apiVersion: "v1";
  readonly kind: "Config";
  readonly clusters: readonly {
    readonly name: string;
    readonly cluster: { readonly server: string; readonly "certificate-authority-data": string };
  }[];
  readonly users: readonly {
    readonly name: string;
    readonly user: { readonly "client-certificate-data": string; readonly "client-key-data": string };
  }[];
  readonly contexts: readonly {
    readonly name: string;
    readonly context: { readonly cluster: string; readonly user: string };
  }[];
  readonly "current-context": string;
}

/** `name` names cluster and context; `server` is a URL; certificates are PEM and are embedded. */
export function kubeconfigFor(access: {
  readonly name: string;
  readonly server: string;
  readonly authority: string;
  readonly user: string;
  readonly credentials: KeyPair;
}): Kubeconfig {
  const { name, server, authority, credentials } = access;
  // Kubeconfigs are merged, and every cluster has an admin: the entry bears the cluster's name too.
  const user = `${access.user}@${name}`;
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server, "certificate-authority-data": base64(authority) } }],
    users: [
      {
        name: user,
        user: {
          "client-certificate-data": base64(credentials.certificate),
          "client-key-data": base64(credentials.key),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user } }],
    "current-context": name,
  };
}

function base64(text: string): string {
  return Buffer.from(text, "utf8").toString("base64");
}

/** The same as YAML. Every scalar is a JSON string, which is YAML too, so nothing needs quoting rules. */
export function kubeconfigText(config: Kubeconfig): string {
  const { clusters, users, contexts } = config;
  return [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    ...clusters.flatMap(({ name, cluster }) => entry(name, "cluster", cluster)),
    "users:",
    ...users.flatMap(({ name, user }) => entry(name, "user", user)),
    "contexts:",
    ...contexts.flatMap(({ name, context }) => entry(name, "context", context)),
    `current-context: ${JSON.stringify(config["current-context"])}`,
    "",
  ].join("\n");
}

function entry(name: string, kind: string, fields: Readonly<Record<string, string>>): string[] {
  const lines = Object.entries(fields).map(([field, value]) => `    ${field}: ${JSON.stringify(value)}`);
  return [`- name: ${JSON.stringify(name)}`, `  ${kind}:`, ...lines];
}
