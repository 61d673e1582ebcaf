import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { join } from "node:path";
import { type Clock, messageOf, type Random } from "#base";
import { issueCertificate, type KeyPair, type Profile, type Subject, subjectOf } from "./certificate.ts";
import { makeSecretDirectory, readSecretFile, writeSecretFile } from "./files.ts";
import { authorityLifetimeMs, backdateMs, leafLifetimeMs, leafRenewalMs } from "./limits.ts";

/**
 * The cluster's certificates: one directory (0700) of PEM files (0600), `NAME.crt` and `NAME.key`. Made when first
 * asked for, read afterwards, made anew when they near their end or no longer say what is asked for.
 */
export interface Pki {
  /** The authority's certificate, PEM: what clients trust. */
  readonly authority: string;
  /** The API server's certificate for `names` (DNS names and addresses) beside the standard ones. */
  serving(names: readonly string[]): KeyPair;
  /** A client certificate. `file` names it on disk: `admin`, `controllers`, `node-n1`. */
  client(file: string, subject: Subject): KeyPair;
}

/** The names under which every cluster's API server is known. */
export const standardServingNames: readonly string[] = [
  "localhost",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
  "127.0.0.1",
  "::1",
];

/** The identities of the cluster's own programs. */
export const clusterSubjects = {
  admin: { commonName: "kubernetes-admin", organizations: ["system:masters"] },
  controllers: { commonName: "system:kube-controller-manager" },
  scheduler: { commonName: "system:kube-scheduler" },
  dns: { commonName: "system:kube-dns" },
  "fake-nodes": { commonName: "system:fake-nodes" },
} as const satisfies Record<string, Subject>;

/** The identity of a node's agent. */
export function nodeSubject(name: string): Subject {
  return { commonName: `system:node:${name}`, organizations: ["system:nodes"] };
}

export function openPki(directory: string, options: { clock: Clock; random: Random }): Pki {
  const { clock, random } = options;
  makeSecretDirectory(directory);
  const lifetime = (lengthMs: number) => ({
    notBefore: clock.now() - backdateMs,
    notAfter: clock.now() + lengthMs,
  });
  const authority =
    readAuthority(directory) ??
    writePair(directory, "ca", issueAuthority(lifetime(authorityLifetimeMs), random));
  const authorityCertificate = parse(directory, "ca", authority);

  const leaf = (file: string, wanted: Pick<Profile, "subject" | "use" | "names">): KeyPair => {
    const present = readPair(directory, file);
    if (present && stillGood(parse(directory, file, present), wanted, authorityCertificate, clock.now())) {
      return present;
    }
    return writePair(
      directory,
      file,
      issueCertificate({ ...wanted, ...lifetime(leafLifetimeMs) }, authority, random),
    );
  };

  return {
    authority: authority.certificate,
    serving: (names) =>
      leaf("apiserver", {
        subject: { commonName: "kube-apiserver" },
        use: "server",
        names: [...new Set([...standardServingNames, ...names])],
      }),
    client: (file, subject) => leaf(file, { subject, use: "client" }),
  };
}

/** Whether a certificate on disk is ours, lives long enough, and says at least what is wanted. */
function stillGood(
  certificate: X509Certificate,
  wanted: Pick<Profile, "subject" | "names">,
  authority: X509Certificate,
  now: number,
): boolean {
  const subject = subjectOf({ certificate: certificate.toString() });
  return (
    certificate.verify(authority.publicKey) &&
    Date.parse(certificate.validTo) - now > leafRenewalMs &&
    Date.parse(certificate.validFrom) <= now &&
    subject.commonName === wanted.subject.commonName &&
    subject.organizations?.join() === (wanted.subject.organizations ?? []).join() &&
    (wanted.names ?? []).every((name) => namedIn(certificate, name))
  );
}

function namedIn(certificate: X509Certificate, name: string): boolean {
  return (
    (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name, { subject: "never" })) !== undefined
  );
}

/** The first start, or one that died before its authority was whole, finds none. */
function readAuthority(directory: string): KeyPair | undefined {
  const pair = readPair(directory, "ca");
  if (!pair && readSecretFile(join(directory, "ca.crt"))) {
    throw new Error(
      `cannot use the certificate authority in ${directory}: ca.crt is there but ca.key is not. Restore ca.key from a backup; or remove ca.crt to begin a new authority, after which every kubeconfig must be made anew`,
    );
  }
  return pair;
}

function issueAuthority(lifetime: { notBefore: number; notAfter: number }, random: Random): KeyPair {
  const profile: Profile = { subject: { commonName: "kubernetes" }, use: "authority", ...lifetime };
  return issueCertificate(profile, undefined, random);
}

function readPair(directory: string, file: string): KeyPair | undefined {
  const certificate = readSecretFile(join(directory, `${file}.crt`));
  const key = readSecretFile(join(directory, `${file}.key`));
  return certificate && key ? { certificate, key } : undefined;
}

/** The key first: a certificate without its key is never found on disk as a pair. */
function writePair(directory: string, file: string, pair: KeyPair): KeyPair {
  writeSecretFile(join(directory, `${file}.key`), pair.key);
  writeSecretFile(join(directory, `${file}.crt`), pair.certificate);
  return pair;
}

function parse(directory: string, file: string, pair: KeyPair): X509Certificate {
  try {
    return new X509Certificate(pair.certificate);
  } catch (error) {
    const path = join(directory, `${file}.crt`);
    throw new Error(
      `cannot read the certificate ${path}: ${messageOf(error)}. Restore it from a backup, or remove it together with its .key to have it made anew`,
      { cause: error },
    );
  }
}
