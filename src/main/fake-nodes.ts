import { connect } from "#client/node";
import { kubeconfigPath } from "#cluster";
import { runFakeNodes } from "#simulator/live";
import { runProgram } from "./program.ts";

await runProgram("fake-nodes", async ({ layout, clock, random, logger, signal }) => {
  const { client } = connect({
    kubeconfigPath: kubeconfigPath(layout, "fake-nodes"),
    clock,
    fieldManager: "nacre-fake-nodes",
  });
  await runFakeNodes({ client, clock, random, logger, signal });
});
