import { badRequest } from "#base";

/** Where an API server is, and who speaks to it. */
export interface Connection {
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  /** The certificate authority that signs the server's certificate, PEM; the machine's own roots unless given. */
  readonly authority?: string;
  /** The name in the server's certificate, when it is not the one in the address. */
  readonly serverName?: string;
  readonly credentials: Credentials;
}

/** A client certificate and its key (PEM), or a bearer token (a function when it is renewed from time to time). */
export type Credentials =
  | { readonly certificate: string; readonly key: string }
  | { readonly token: string | (() => string) }
  | { readonly anonymous: true };

/** A file named in a kubeconfig, relative to it. */
export interface FileReference {
  readonly path: string;
}

export interface KubeconfigOptions {
  /** The current context unless given. */
  readonly context?: string;
  readonly readFile: (reference: FileReference) => string;
  /** Reads YAML. Not needed for a kubeconfig in JSON, as the cluster's own programs have them: they never load it. */
  readonly parseYaml: (text: string) => unknown;
}

/** What one context of a kubeconfig says. Throws BadRequest when it says nothing usable. */
export function parseKubeconfig(text: string, options: KubeconfigOptions): Connection {
  const config = (text.startsWith("{") ? JSON.parse(text) : options.parseYaml(text)) as Kubeconfig;
  const contextName = options.context ?? config["current-context"];
  const context = named(config.contexts, contextName)?.context;
  if (!context) {
    throw badRequest(
      `the kubeconfig has no context "${contextName}"; its contexts: ${names(config.contexts)}`,
    );
  }
  const cluster = named(config.clusters, context.cluster)?.cluster;
  const user = named(config.users, context.user)?.user;
  if (!cluster?.server) throw badRequest(`the kubeconfig has no server for cluster "${context.cluster}"`);
  const pem = (inline: string | undefined, file: string | undefined) =>
    inline !== undefined
      ? decodeBase64(inline)
      : file !== undefined
        ? options.readFile({ path: file })
        : undefined;
  const authority = pem(cluster["certificate-authority-data"], cluster["certificate-authority"]);
  const serverName = cluster["tls-server-name"];
  return {
    server: cluster.server,
    ...(authority === undefined ? {} : { authority }),
    ...(serverName === undefined ? {} : { serverName }),
    credentials: credentialsOf(user, pem, options.readFile),
  };
}

interface Kubeconfig {
  "current-context"?: string;
  contexts?: Named<{ context?: { cluster?: string; user?: string } }>[];
  clusters?: Named<{ cluster?: Cluster }>[];
  users?: Named<{ user?: User }>[];
}

type Named<T> = { name?: string } & T;

interface Cluster {
  server?: string;
  "certificate-authority"?: string;
  "certificate-authority-data"?: string;
  "tls-server-name"?: string;
}

interface User {
  token?: string;
  tokenFile?: string;
  "client-certificate"?: string;
  "client-certificate-data"?: string;
  "client-key"?: string;
  "client-key-data"?: string;
}

function credentialsOf(
  user: User | undefined,
  pem: (inline: string | undefined, file: string | undefined) => string | undefined,
  readFile: KubeconfigOptions["readFile"],
): Credentials {
  const certificate = pem(user?.["client-certificate-data"], user?.["client-certificate"]);
  const key = pem(user?.["client-key-data"], user?.["client-key"]);
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  if (user?.token) return { token: user.token };
  const tokenFile = user?.tokenFile;
  if (tokenFile) return { token: () => readFile({ path: tokenFile }).trim() };
  return { anonymous: true };
}

function named<T>(list: readonly Named<T>[] | undefined, name: string | undefined): Named<T> | undefined {
  return list?.find((entry) => entry.name === name);
}

function names(list: readonly { name?: string }[] | undefined): string {
  return list?.map((entry) => entry.name).join(", ") || "none";
}

function decodeBase64(text: string): string {
  return new TextDecoder().decode(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
}
