import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  X509Certificate,
} from "node:crypto";
import { isIP } from "node:net";
import type { Random } from "#base";
import { addressBytes } from "./address-bytes.ts";
import * as der from "./der.ts";

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Subject {
  readonly commonName: string;
  readonly organizations?: readonly string[];
}

export interface Profile {
  readonly subject: Subject;
  readonly use: "authority" | "server" | "client";
  /** DNS names and IP addresses, as subject alternative names. */
  readonly names?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A new P-256 key and a certificate for it (RFC 5280), signed by `issuer`, or by itself when there is none. */
export function issueCertificate(profile: Profile, issuer: KeyPair | undefined, random: Random): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const publicBytes = publicKey.export({ type: "spki", format: "der" });
  const signingKey = issuer ? createPrivateKey(issuer.key) : privateKey;
  const issuerPublicBytes = createPublicKey(signingKey).export({ type: "spki", format: "der" });
  const body = der.sequence(
    der.explicit(0, der.integer(Uint8Array.of(2))),
    der.integer(serialNumber(random)),
    ecdsaWithSha256,
    issuer ? nameOf(subjectOf(issuer)) : nameOf(profile.subject),
    der.sequence(der.time(profile.notBefore), der.time(profile.notAfter)),
    nameOf(profile.subject),
    publicBytes,
    der.explicit(3, der.sequence(...extensions(profile, publicBytes, issuerPublicBytes))),
  );
  const certificate = der.sequence(body, ecdsaWithSha256, der.bitString(sign("sha256", body, signingKey)));
  return {
    certificate: pem("CERTIFICATE", certificate),
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** The subject of a certificate, as written into those it issues. */
export function subjectOf(pair: Pick<KeyPair, "certificate">): Subject {
  const lines = new X509Certificate(pair.certificate).subject.split("\n");
  const values = (attribute: string) =>
    lines.filter((line) => line.startsWith(`${attribute}=`)).map((line) => line.slice(attribute.length + 1));
  return { commonName: values("CN")[0] ?? "", organizations: values("O") };
}

const ecdsaWithSha256 = der.sequence(der.objectIdentifier("1.2.840.10045.4.3.2"));

const keyUsages = {
  /** keyCertSign and cRLSign. */
  authority: der.bitString(Uint8Array.of(0b0000_0110), 1),
  /** digitalSignature. */
  server: der.bitString(Uint8Array.of(0b1000_0000), 7),
  client: der.bitString(Uint8Array.of(0b1000_0000), 7),
};

function extensions(profile: Profile, publicBytes: Uint8Array, issuerPublicBytes: Uint8Array): Uint8Array[] {
  const authority = profile.use === "authority";
  const list = [
    extension("2.5.29.19", der.sequence(...(authority ? [der.boolean(true)] : [])), "critical"),
    extension("2.5.29.15", keyUsages[profile.use], "critical"),
    extension("2.5.29.14", der.octetString(keyIdentifier(publicBytes))),
    extension("2.5.29.35", der.sequence(der.implicit(0, keyIdentifier(issuerPublicBytes)))),
  ];
  if (!authority) {
    const purpose = profile.use === "server" ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2";
    list.push(extension("2.5.29.37", der.sequence(der.objectIdentifier(purpose))));
  }
  if (profile.names?.length) {
    list.push(extension("2.5.29.17", der.sequence(...profile.names.map(alternativeName))));
  }
  return list;
}

function extension(identifier: string, value: Uint8Array, critical?: "critical"): Uint8Array {
  const flag = critical ? [der.boolean(true)] : [];
  return der.sequence(der.objectIdentifier(identifier), ...flag, der.octetString(value));
}

function alternativeName(name: string): Uint8Array {
  return isIP(name) ? der.implicit(7, addressBytes(name)) : der.implicit(2, new TextEncoder().encode(name));
}

function nameOf(subject: Subject): Uint8Array {
  const part = (identifier: string, value: string) =>
    der.set(der.sequence(der.objectIdentifier(identifier), der.utf8String(value)));
  const organizations = (subject.organizations ?? []).map((name) => part("2.5.4.10", name));
  return der.sequence(...organizations, part("2.5.4.3", subject.commonName));
}

/** RFC 7093 method 1: the leftmost 160 bits of SHA-256 over the public key. */
function keyIdentifier(publicBytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(publicBytes.subarray(-65)).digest().subarray(0, 20);
}

function serialNumber(random: Random): Uint8Array {
  const bytes = random.bytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

function pem(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
