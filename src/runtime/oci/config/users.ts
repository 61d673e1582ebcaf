import { ContainerError } from "../../errors.ts";

/** A container's user, as numbers. */
export interface ContainerUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** The image's account files, as text; empty when it has none. */
export interface Accounts {
  /** passwd(5): `name:password:uid:gid:comment:home:shell` */
  readonly passwd: string;
  /** group(5): `name:password:gid:member,member` */
  readonly group: string;
}

/**
 * Finds the user that `user` names: `NAME`, `UID`, `NAME:GROUP`, `UID:GID`, or "" for root. A user of the image's accounts brings the
 * groups it is a member of. `group` (runAsGroup) replaces the main group, `supplementalGroups` come on top.
 */
export function resolveUser(
  user: string,
  accounts: Accounts,
  options: { group?: number | undefined; supplementalGroups?: readonly number[] } = {},
): ContainerUser {
  const colon = user.indexOf(":");
  const name = colon < 0 ? user : user.slice(0, colon);
  const groupName = colon < 0 ? "" : user.slice(colon + 1);
  const account = findAccount(name || "0", accounts.passwd);
  const uid = account?.uid ?? number(name || "0");
  if (uid === undefined) throw missing("user", name, "/etc/passwd");
  const gid = options.group ?? (groupName ? groupId(groupName, accounts.group) : (account?.gid ?? 0));
  const memberships = account && !groupName ? groupsOf(account.name, accounts.group) : [];
  const additional = new Set([...memberships, ...(options.supplementalGroups ?? [])]);
  return { uid, gid, additionalGids: [...additional] };
}

function findAccount(
  nameOrUid: string,
  passwd: string,
): { name: string; uid: number; gid: number } | undefined {
  const rows = passwd.split("\n").map((line) => line.split(":"));
  const row =
    rows.find((fields) => fields[0] === nameOrUid) ?? rows.find((fields) => fields[2] === nameOrUid);
  const [name, , uid, gid] = row ?? [];
  if (name === undefined || number(uid) === undefined) return undefined;
  return { name, uid: number(uid) ?? 0, gid: number(gid) ?? 0 };
}

function groupId(nameOrGid: string, group: string): number {
  for (const line of group.split("\n")) {
    const [name, , gid] = line.split(":");
    if (name === nameOrGid && number(gid) !== undefined) return number(gid) ?? 0;
  }
  const gid = number(nameOrGid);
  if (gid === undefined) throw missing("group", nameOrGid, "/etc/group");
  return gid;
}

function groupsOf(name: string, group: string): number[] {
  return group.split("\n").flatMap((line) => {
    const [, , gid, members] = line.split(":");
    const id = number(gid);
    return id !== undefined && members?.split(",").includes(name) ? [id] : [];
  });
}

function number(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= 0xfffffffe ? value : undefined;
}

function missing(what: string, name: string, file: string): ContainerError {
  return new ContainerError(
    "CreateContainerError",
    `the image has no ${what} "${name}" in ${file}; give its number, or add it to the image`,
  );
}
