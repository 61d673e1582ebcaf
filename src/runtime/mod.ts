export {
  ContainerError,
  type ContainerErrorReason,
  ImagePullError,
  isContainerError,
  isImagePullError,
} from "./errors.ts";
export { type ImageStoreOptions, type LocalImageStore, openImageStore } from "./images/image-store.ts";
export { formatReference, normalizeReference, parseReference, type Reference } from "./images/reference.ts";
export * from "./oci/mod.ts";
export type * from "./runtime.ts";
export * from "./simulated/mod.ts";
