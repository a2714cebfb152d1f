// SPDX-License-Identifier: MIT
#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The way in which the file at a path is written.
enum WriteTarget {
  /// The path leads to a pipe, a device, or an open file of a process. The bytes are written there directly.
  case direct
  /// The path leads to a regular file or to nothing. A new file `name` in `folder` (empty, or ending in "/") replaces
  /// the regular file, if there is one. `mode` holds the permissions of the regular file; nil if there is none.
  case replace(folder: String, name: String, mode: mode_t?)

  /// Finds the target of writing to `path`. Follows symbolic links to the file itself, whether it exists or not.
  ///
  /// - Throws: ``PixelAscentError`` of kind `unwritableFile`.
  init(_ path: String) throws(PixelAscentError) {
    var status = stat()
    let exists = stat(path, &status) == 0
    let isOpenFile = ["/dev/fd/", "/dev/stdout", "/dev/stderr", "/proc/"].contains { path.hasPrefix($0) }
    if exists && (isOpenFile || !(status.isRegular || status.isFolder)) {
      self = .direct
      return
    }
    if path.isEmpty || path.hasSuffix("/") || (exists && status.isFolder) {
      throw Files.failure(.unwritableFile, path, path.isEmpty ? ENOENT : EISDIR)
    }
    if exists && access(path, W_OK) != 0 { throw Files.failure(.unwritableFile, path, errno) }

    var target = path
    var linkCount = 0
    while let link = Files.link(at: target) {
      linkCount += 1
      if linkCount > 40 { throw Files.failure(.unwritableFile, path, ELOOP) }
      target = link.isAbsolute ? link : target.folderAndName.folder + link
    }
    let (folder, name) = target.folderAndName
    self = .replace(folder: folder, name: name, mode: exists ? status.st_mode & 0o7777 : nil)
  }
}

extension stat {
  var isRegular: Bool { st_mode & S_IFMT == S_IFREG }
  var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
}
