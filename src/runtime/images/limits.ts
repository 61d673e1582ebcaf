/** A manifest, index or configuration larger than this is refused: the distribution specification asks registries to take 4 MiB. */
export const documentBytes = 4 * 1024 * 1024;

/** Layers fetched and unpacked at once by one pull: enough to fill a link while one layer unpacks. */
export const parallelLayers = 3;

/** How deep an index may point to indexes: a real image has one level, buildkit at times two. */
export const indexDepth = 3;

/** Layers of one image: an overlay mount names each in one page of options. Docker's limit too. */
export const imageLayers = 127;

/** Hexadecimal digits of a layer's directory name: 96 bits of its digest keep mount options short. */
export const layerNameDigits = 24;

/** A registry that sends nothing for this long is unavailable. */
export const registryIdleMs = 60_000;

/** How long one layer's `tar` may run: half a minute a gigabyte on a slow disk, times twenty. */
export const unpackTimeoutMs = 10 * 60_000;

/** Longest extension header of an entry (long names, extended attributes); one page of names and values is usual. */
export const tarExtensionBytes = 1024 * 1024;

/** Entries of an outer archive: an image has a few per layer. */
export const archiveEntries = 10_000;

/** How long flushing an import's layers may take. A busy disk writes other people's data first. */
export const syncTimeoutMs = 2 * 60_000;
