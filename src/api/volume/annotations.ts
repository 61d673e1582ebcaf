/** Annotations and finalizers by which the parts that handle volumes tell each other what they did. Kubernetes' names. */

/** On a claim: that it has been bound once. If its volume is gone afterwards, the claim is lost. */
export const bindCompleted = "pv.kubernetes.io/bind-completed";
/** On a claim or a volume: that the cluster chose the other side, not a person. */
export const boundByController = "pv.kubernetes.io/bound-by-controller";
/** On a volume: who made it. */
export const provisionedBy = "pv.kubernetes.io/provisioned-by";
/** On a claim: who is to make its volume. */
export const storageProvisioner = "volume.kubernetes.io/storage-provisioner";
/** The same, as provisioners older than Kubernetes 1.23 look for it. */
export const betaStorageProvisioner = "volume.beta.kubernetes.io/storage-provisioner";
/** On a claim: the node on which its first pod is going to run. */
export const selectedNode = "volume.kubernetes.io/selected-node";

/** Holds a claim while a pod uses it. */
export const claimProtection = "kubernetes.io/pvc-protection";
/** Holds a volume while it is bound. */
export const volumeProtection = "kubernetes.io/pv-protection";
