import assert from "node:assert/strict";
import { test } from "node:test";
import { cronJobs, jobs, pods } from "#api";
import { controlledCluster, inShop, untilAll } from "#testing";

test("a cron job starts a job when it is due, kubectl starts another by hand, and both go with it", async (t) => {
  const { informers, run } = await controlledCluster(t);
  await run("create", "cronjob", "tick", "--image=tick:1", "--schedule=@every 1s");
  await untilAll(informers, jobs, (all) => inShop(all).length > 0);
  await untilAll(
    informers,
    cronJobs,
    ([one]) => one?.status?.active !== undefined && one.status.lastScheduleTime !== undefined,
  );
  assert.match(await run("get", "cronjob", "tick"), /tick +@every 1s +<none> +False +\d +\d+s/);
  await run("create", "job", "by-hand", "--from=cronjob/tick");
  await untilAll(
    informers,
    pods,
    (all) => inShop(all).filter(({ status }) => status?.phase === "Running").length >= 2,
  );
  await run("delete", "cronjob", "tick", "--timeout=10s");
  await untilAll(informers, jobs, (all) => inShop(all).length === 0);
  await untilAll(informers, pods, (all) => inShop(all).length === 0);
});
