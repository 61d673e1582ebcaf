import { logger, silentMetrics, systemClock, systemRandom } from "#base";
import { connect } from "#client/node";
import { kubeconfigPath, layoutOf } from "#cluster";
import { startScheduler } from "#scheduler";

/** The scheduler alone, as the controllers' program runs it: for a cluster that has no controllers to be measured with it. */
const layout = layoutOf(process.argv[2] ?? "");
const { client } = connect({
  kubeconfigPath: kubeconfigPath(layout, "scheduler"),
  fieldManager: "kube-scheduler",
});
await startScheduler({
  client,
  clock: systemClock,
  random: systemRandom,
  logger: logger((line) => process.stderr.write(`${JSON.stringify(line)}\n`), "warn", {
    program: "scheduler",
  }),
  metrics: silentMetrics,
  identity: "bench",
  signal: new AbortController().signal,
});
