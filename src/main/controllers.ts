import { silentMetrics } from "#base";
import { connect } from "#client/node";
import { kubeconfigPath } from "#cluster";
import { startControllers } from "#controllers";
import { startScheduler } from "#scheduler";
import { runProgram } from "./program.ts";

await runProgram("controllers", async ({ config, layout, clock, random, logger, signal }) => {
  const as = (name: "controllers" | "scheduler", fieldManager: string) =>
    connect({ kubeconfigPath: kubeconfigPath(layout, name), clock, fieldManager });
  const controllers = as("controllers", "kube-controller-manager");
  const scheduler = as("scheduler", "kube-scheduler");
  const common = { clock, random, logger, metrics: silentMetrics, signal, identity: config.nodeName };
  await Promise.all([
    startControllers({
      ...common,
      client: controllers.client,
      authority: controllers.connection.authority ?? "",
    }),
    startScheduler({ ...common, client: scheduler.client }),
  ]);
});
