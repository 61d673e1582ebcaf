import type { IncomingHttpHeaders } from "node:http";
import type { TLSSocket } from "node:tls";
import type { Credentials } from "../ports.ts";

type Certificate = Credentials["certificate"];

/** What a connection and a request say about who asks. */
export function credentialsOf(socket: TLSSocket, headers: IncomingHttpHeaders): Credentials {
  const certificate = certificateOf(socket);
  const bearerToken = bearerOf(headers.authorization);
  return {
    ...(certificate ? { certificate } : {}),
    ...(bearerToken === undefined ? {} : { bearerToken }),
  };
}

/** Connections carry many requests: their certificate is read once. */
const certificates = new WeakMap<TLSSocket, { readonly certificate: Certificate }>();

function certificateOf(socket: TLSSocket): Certificate {
  let known = certificates.get(socket);
  if (!known) {
    known = { certificate: readCertificate(socket) };
    certificates.set(socket, known);
  }
  return known.certificate;
}

/** Only a certificate that the cluster's authority vouches for says anything. */
function readCertificate(socket: TLSSocket): Certificate {
  if (!socket.authorized) return undefined;
  // Null for sockets of no TLS, an empty object when no certificate was shown.
  const subject: { CN?: string | string[]; O?: string | string[] } | undefined =
    socket.getPeerCertificate()?.subject;
  const commonName = list(subject?.CN)[0];
  return commonName === undefined ? undefined : { commonName, organizations: list(subject?.O) };
}

function list(value: string | string[] | undefined): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function bearerOf(authorization: string | undefined): string | undefined {
  return authorization && /^bearer +(\S+)$/i.exec(authorization)?.[1];
}
