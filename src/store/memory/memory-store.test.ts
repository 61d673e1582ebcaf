import { storeContract } from "../testing/store-contract.ts";
import { openMemoryStore } from "./open.ts";

storeContract({ name: "memory", open: (options) => openMemoryStore(options) });
