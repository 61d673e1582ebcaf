import type { Logger } from "#base";
import type { Authenticator, Authorizer, StreamHandler, VirtualResource } from "../ports.ts";
import type { Machinery } from "../registry/machinery.ts";
import type { Bookmarks } from "../watch/bookmarks.ts";
import type { EventEncoder } from "../watch/events.ts";
import type { WatchSession } from "../watch/session.ts";
import type { Document } from "./documents.ts";
import type { InFlight } from "./in-flight.ts";

/** What the pipeline is made of. One per server. */
export interface Parts {
  readonly machinery: Machinery;
  readonly logger: Logger;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly virtual: readonly VirtualResource[];
  readonly streams: readonly StreamHandler[];
  /** Paths that are no resources: discovery, OpenAPI, health. */
  readonly documents: readonly Document[];
  readonly events: EventEncoder;
  readonly bookmarks: Bookmarks;
  /** Watches that are running. */
  readonly watches: Set<WatchSession>;
  readonly inFlight: InFlight;
}
