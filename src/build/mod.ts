export { type BuildOptions, type BuiltImage, type BuiltLayer, buildImage } from "./build-image.ts";
