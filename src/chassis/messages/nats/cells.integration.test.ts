import assert from "node:assert/strict";
import { test } from "node:test";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import { lacksNats, realNats } from "#testing";
import { Cells, openBucket } from "./cells.ts";
import { bucket, cellKey } from "./names.ts";

test("a subscriber whose cells were deleted keeps nothing from being removed", {
  skip: lacksNats() ?? false,
}, async (context) => {
  const nats = await realNats();
  context.after(() => nats.stop());
  const connection = await connect({ servers: nats.url });
  context.after(() => connection.close());
  const client = jetstream(connection);
  const cells = new Cells(await openBucket(client, 1), await client.jetstreamManager(false));
  await cells.begin("orders", "shipping", 3, 70);
  await cells.begin("orders", "billing", 3, 50);
  await cells.begin("returns", "billing", 3, 10);
  assert.deepEqual(await cells.handledByAll("orders"), new Map([[3, 50]]));
  await (await new Kvm(client).open(bucket)).delete(cellKey("orders", "billing", 3));
  assert.deepEqual(await cells.handledByAll("orders"), new Map([[3, 70]]));
});
