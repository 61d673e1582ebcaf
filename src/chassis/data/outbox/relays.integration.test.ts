import { logRelay } from "./log-relay.ts";
import { notifyRelay } from "./notify-relay.ts";
import { pollingRelay } from "./polling-relay.ts";
import { relayContract } from "./testing/relay-contract.ts";

relayContract("the polling relay", pollingRelay);
relayContract("the relay that is notified", notifyRelay);
relayContract("the relay that reads the log", logRelay);
