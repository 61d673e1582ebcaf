import { type Clock, type Logger, type Random, silentLogger } from "#base";
import { admissionPlugins } from "./admission/registry.ts";
import type { PortRange } from "./allocation/node-ports.ts";
import { serviceAllocator } from "./allocation/service-allocator.ts";
import { createAuthenticator } from "./authentication/authenticator.ts";
import { createAuthorizer } from "./authorization/authorizer.ts";
import { accessReviews } from "./authorization/reviews/access-reviews.ts";
import { selfReviews } from "./authorization/reviews/self-reviews.ts";
import type { ObjectFeed, Security } from "./ports.ts";
import { streamHandlers } from "./streams/registry.ts";
import { tokenDiscovery } from "./tokens/discovery-documents.ts";
import type { SigningKey } from "./tokens/signing-key.ts";
import { tokenAuthenticator } from "./tokens/token-authenticator.ts";
import { tokenIssuer } from "./tokens/token-issuer.ts";
import { tokenRequests } from "./tokens/token-request.ts";
import { tokenReviewResource } from "./tokens/token-review.ts";

export interface SecurityOptions {
  /** Signs service-account tokens. */
  readonly signingKey: SigningKey;
  /** The `iss` of service-account tokens and their default audience. */
  readonly issuer?: string;
  /** `10.96.0.0/16` */
  readonly serviceRange: string;
  readonly nodePortRange?: PortRange;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger?: Logger;
}

/** The real thing: certificates and tokens, nodes and roles, every admission rule, allocation and reviews. */
export function createSecurity(options: SecurityOptions): (feed: ObjectFeed) => Security {
  const { issuer: name = defaultIssuer, nodePortRange = defaultNodePorts, clock, random } = options;
  const { logger = silentLogger } = options;
  const issuer = tokenIssuer({ key: options.signingKey, issuer: name, clock, random });
  return (feed) => {
    const tokens = tokenAuthenticator({ issuer, read: feed, clock });
    const authorizer = createAuthorizer(feed);
    const { rbac } = authorizer;
    return {
      authenticator: createAuthenticator({ tokens, audience: name }),
      authorizer,
      admission: admissionPlugins({ feed, authorizer, rbac, clock, random }),
      participants: [serviceAllocator({ serviceRange: options.serviceRange, nodePortRange, clock, random })],
      virtual: [
        ...accessReviews(authorizer),
        ...selfReviews(rbac),
        tokenRequests(issuer),
        tokenReviewResource(tokens, name),
      ],
      streams: [tokenDiscovery(issuer), ...streamHandlers({ authorizer, clock, logger })],
    };
  };
}

const defaultIssuer = "https://kubernetes.default.svc.cluster.local";

const defaultNodePorts: PortRange = { first: 30000, last: 32767 };
