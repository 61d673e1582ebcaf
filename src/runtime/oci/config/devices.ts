/** Device rules (`linux.resources.devices`): nothing, then the few that every program expects (specification, "default devices"). */
export const deviceRules: readonly Record<string, unknown>[] = [
  { allow: false, access: "rwm" },
  // mknod of any device is harmless without the right to open it.
  { allow: true, type: "c", access: "m" },
  { allow: true, type: "b", access: "m" },
  ...[
    [1, 3],
    [1, 5],
    [1, 7],
    [1, 8],
    [1, 9],
    [5, 0],
    [5, 2],
  ].map(([major, minor]) => ({ allow: true, type: "c", major, minor, access: "rwm" })),
  { allow: true, type: "c", major: 136, access: "rwm" },
];

/** For privileged containers: all devices. */
export const allDevices: readonly Record<string, unknown>[] = [{ allow: true, access: "rwm" }];
