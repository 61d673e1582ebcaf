export { CommandError, type CommandFailure, isCommandError } from "./command-error.ts";
export { createHost } from "./create-host.ts";
export type {
  Batch,
  BatchCommand,
  CgroupLayout,
  Cgroups,
  Command,
  CommandResult,
  FileStatus,
  FileSystemSpace,
  Files,
  Host,
  Mount,
  Mounts,
  Program,
  ProgramExit,
  SpawnCommand,
} from "./host.ts";
