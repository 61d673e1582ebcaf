import { type CertificateSigningRequest, certificateSigningRequests } from "#api";
import type { AdmissionPlugin } from "../ports.ts";

/** A request for a certificate says who asks: signers and approvers believe it, so nobody says it for themselves. */
export function certificateRequester(): AdmissionPlugin {
  return {
    name: "CertificateRequester",
    handles: ({ operation, resource, subresource }) =>
      operation === "CREATE" &&
      resource?.group === certificateSigningRequests.group &&
      resource.resource === certificateSigningRequests.resource &&
      !subresource,
    mutate({ object, user }) {
      const request = object as CertificateSigningRequest;
      if (!request.spec) return;
      const { username: _, uid: __, groups: ___, extra: ____, ...asked } = request.spec;
      request.spec = {
        ...asked,
        username: user.name,
        groups: [...user.groups],
        ...(user.uid ? { uid: user.uid } : {}),
        ...(user.extra
          ? { extra: Object.fromEntries(Object.entries(user.extra).map(([key, list]) => [key, [...list]])) }
          : {}),
      };
    },
  };
}
