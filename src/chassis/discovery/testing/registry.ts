import { service } from "../../service/service.ts";
import { registryServer } from "../registry-server.ts";

/** A registry in a process of its own, quicker than others are. */
const it = service({
  name: "registry",
  version: "1.0.0",
  ...registryServer({ checkMs: 100, leaseMs: 1_500, learnMs: 1_500 }),
});
await it.start();
process.stdout.write(`{"message":"open","url":"${it.url}"}\n`);
