import { after, describe, test } from "node:test";
import { busyboxImage, lacksBusybox, ociArchive, type TestCluster, testCluster } from "#testing";
import { onOwnMachine, ownMachine } from "./own-machine.ts";
import { RealNode } from "./real-node.ts";

/** What tests of a node with real containers work with. */
export interface NodeUnderTest {
  readonly cluster: TestCluster;
  /** Runs, and has the image `busybox:test`. */
  readonly node: RealNode;
}

/**
 * Tests of a node with real containers. The file that asks for them (`import.meta.url`) is run once more on a machine of
 * its own, where they are; they are skipped where there can be none.
 */
export async function onRealNode(
  file: string,
  title: string,
  tests: (subject: NodeUnderTest) => void,
): Promise<void> {
  const machine = ownMachine();
  if (!machine) {
    const skip = process.getuid?.() === 0 ? await lacksBusybox() : "needs root";
    test(`${title}: on a machine of their own`, { skip }, async () => {
      console.log(await onOwnMachine(file));
    });
    return;
  }
  const cluster = await testCluster({ namespaces: ["default", "kube-system", "kube-node-lease"] });
  const node = new RealNode({ client: cluster.client, machine });
  await node.prepare();
  await node.start();
  await node.import(await ociArchive([{ image: await busyboxImage(), name: "busybox:test" }]));
  describe(title, () => {
    after(async () => {
      await node.close();
      await cluster.close();
    });
    tests({ cluster, node });
  });
}
