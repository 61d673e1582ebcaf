import type { KindDefinition, Transport } from "#api";
import { kindDefinitions } from "#api/behaviour";
import type { Clock, Logger, Random } from "#base";
import type { Store } from "#store";
import { discovery } from "./discovery/discovery.ts";
import { type HealthCheck, health } from "./discovery/health.ts";
import { versionDocument } from "./discovery/version.ts";
import { type Listener, type ListenOptions, listen } from "./http/listener.ts";
import { inProcess } from "./in-process.ts";
import { openApi } from "./openapi/openapi.ts";
import type { Document } from "./pipeline/documents.ts";
import { InFlight } from "./pipeline/in-flight.ts";
import type { Parts } from "./pipeline/parts.ts";
import type { ObjectFeed, ObjectWriter, Security, Transformer, User } from "./ports.ts";
import { Catalogue } from "./registry/catalogue.ts";
import { objectFeed } from "./registry/feed.ts";
import type { Machinery } from "./registry/machinery.ts";
import { Objects } from "./registry/objects.ts";
import { Turns } from "./registry/turns.ts";
import { objectWriter } from "./registry/writer.ts";
import { Bookmarks } from "./watch/bookmarks.ts";
import { EventEncoder } from "./watch/events.ts";

export interface ApiServerOptions {
  /** Opened with `stamp`. */
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Made from the feed that this server reads its own objects by. */
  readonly security: (feed: ObjectFeed) => Security;
  readonly transformers?: readonly Transformer[];
  readonly documents?: readonly Document[];
  readonly checks?: readonly HealthCheck[];
  /** The kinds that are served; all built-in ones by default. */
  readonly definitions?: readonly KindDefinition[];
  /** Told to clients by `/api`: `host:port`. */
  readonly advertisedAddress?: string;
}

/** The only door to the store. Serves the Kubernetes API over the network and inside the process. */
export interface ApiServer {
  /** Opens a port. May be called for several addresses. */
  listen(options: ListenOptions): Promise<Listener>;
  /** A transport for clients in this process; every request is this user's, and goes through the same stages. */
  transport(user: User): Transport;
  readonly feed: ObjectFeed;
  readonly writer: ObjectWriter;
  readonly catalogue: Catalogue;
  /** Ends watches, lets requests finish, closes ports. The store stays open. */
  close(): Promise<void>;
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const { store, clock, random, logger } = options;
  const catalogue = new Catalogue(options.definitions ?? kindDefinitions, options.transformers);
  const objects = new Objects();
  const feed = objectFeed({ store, catalogue, objects, logger });
  const { authenticator, authorizer, admission, participants, virtual, streams } = options.security(feed);
  const machinery: Machinery = {
    store,
    clock,
    random,
    catalogue,
    objects,
    read: feed,
    admission,
    participants,
    turns: new Turns(),
  };
  const parts: Parts = {
    machinery,
    logger,
    authenticator,
    authorizer,
    virtual,
    streams,
    documents: [
      discovery(catalogue, options.advertisedAddress ?? "127.0.0.1:6443"),
      versionDocument,
      openApi(clock),
      health(options.checks ?? []),
      ...(options.documents ?? []),
    ],
    events: new EventEncoder(objects),
    bookmarks: new Bookmarks(store, clock),
    watches: new Set(),
    inFlight: new InFlight(clock),
  };
  const listeners = new Set<Listener>();
  return {
    feed,
    writer: objectWriter(machinery),
    catalogue,
    async listen(listenOptions) {
      const listener = await listen(parts, listenOptions);
      listeners.add(listener);
      return listener;
    },
    transport: (user) => inProcess(parts, user),
    async close() {
      for (const watch of parts.watches) watch.end();
      await Promise.all([...listeners].map((listener) => listener.close()));
    },
  };
}
