/** The cluster's certificates, apart from the API server so that `up` can make them without loading it. */
export type { KeyPair, Subject as CertificateSubject } from "./certificate.ts";
export { type EnsuredPki, ensurePki } from "./ensure-pki.ts";
export { type Kubeconfig, kubeconfigFor, kubeconfigText } from "./kubeconfig.ts";
export { clusterSubjects, nodeSubject, openPki, type Pki } from "./pki.ts";
