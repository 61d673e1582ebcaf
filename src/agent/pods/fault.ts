/** Why a container cannot be brought up, with the reason that its status shows: `CreateContainerConfigError`, `ErrImagePull`. */
export class ContainerFault extends Error {
  override readonly name = "ContainerFault";
  readonly reason: string;

  constructor(reason: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
  }
}
