/**
 * The built-in class of storage: a directory of the node on which the first pod runs (docs/decisions/0029). What the three who bring it about
 * must agree on: the server makes the class, a controller the volumes, the agent of the node the directories.
 */

/** Name of the class. */
export const localClassName = "local";
/** Who makes its volumes. */
export const localProvisioner = "nacre.dev/local-directory";
/** Holds a volume until its node's agent has removed the directory. */
export const localFinalizer = "nacre.dev/local-directory";
/** On a node: the directory below which its agent keeps those of volumes. */
export const localRootAnnotation = "nacre.dev/volume-directory";
/** On a volume: whose node's agent looks after it. */
export const localNodeLabel = "nacre.dev/node";

/** The label selector with which a node's agent asks for its volumes. */
export function volumesOfNode(node: string): string {
  return `${localNodeLabel}=${node}`;
}
