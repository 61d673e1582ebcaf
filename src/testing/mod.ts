export { FakeApiServer, type FakeRequest } from "./fake-api-server.ts";
export { ManualClock, settled } from "./manual-clock.ts";
