import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import { createTestNetwork } from "../testing/test-network.ts";
import { openKeptNft } from "./kept-nft.ts";

const network = await createTestNetwork();
const table = openKeptNft(network.host, join(network.config.stateDirectory, "services.nft"));
after(async () => {
  await table.close();
  await network.remove();
});

test("a ruleset that cannot be applied says where it is wrong, and nothing of it is applied", async () => {
  const wrong = `add map ip test made { type mark : mark; }\nadd element ip test nowhere { 1 : 2 }\n`;
  await assert.rejects(
    table.apply(wrong),
    /cannot change the table: Error: No such file or directory nowhere/,
  );
  await table.apply("add map ip test made { type mark : verdict; }\ndelete map ip test made\n");
});

test("a ruleset of any length is applied as one", async () => {
  const elements = Array.from({ length: 5000 }, (_, index) => `${index} : ${index}`);
  await table.apply(
    `add map ip test many { type mark : mark; }\nadd element ip test many { ${elements.join(", ")} }\n`,
  );
  await table.apply("delete map ip test many\n");
});
